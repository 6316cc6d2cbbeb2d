package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.ssl.BundleSocketFactory;
import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.testsupport.FreePort;
import io.kubelet.cert.testsupport.Load;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.r2dbc.ConnectionFactoryBuilder;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * JDBC and R2DBC connections to a PostgreSQL server that demands client certificates and
 * tells which one a connection presented.
 *
 * @see io.kubelet.cert.autoconfigure.connections.HikariDrain
 * @see io.kubelet.cert.autoconfigure.connections.PostgresqlDriver
 */
class PostgresqlRotationTests {

	/** The certificate of this connection. */
	private static final String SERIAL = "select client_serial::text from pg_stat_ssl where pid = pg_backend_pid()";

	/** Those of all connections of clients. */
	private static final String SERIALS = "select client_serial::text from pg_stat_ssl where client_serial is not null";

	private static final int port = FreePort.find();

	private static final String URL = "jdbc:postgresql://localhost:" + port + "/postgres";

	private static RotatingApplication application;

	private static ServerProgram server;

	@BeforeAll
	static void start(@TempDir Path directory) throws Exception {
		Path program = ServerProgram.require("bin/postgres", "/usr/lib/postgresql");
		application = new RotatingApplication(Jdbc.class, "spring.datasource.url=" + URL,
				"spring.datasource.username=test", "kubelet.cert.postgresql.bundle=client",
				"spring.datasource.hikari.maximum-pool-size=3");
		server = start(program, directory, port, application.pair("server"));
	}

	@AfterAll
	static void stop() {
		if (server != null) {
			application.close();
			server.close();
		}
	}

	@Test
	void poolsFollowTheRotationAndAnotherConnectionRemains() throws Exception {
		String parameters = "?sslmode=verify-full&sslfactory=" + BundleSocketFactory.class.getName()
				+ "&sslfactoryarg=client";
		try (HikariDataSource named = new HikariDataSource()) {
			DataSource pool = application.bean(DataSource.class);
			named.setJdbcUrl(URL + parameters);
			named.setUsername("test");
			named.setMaximumPoolSize(3);
			application.add("named", named);
			Callable<List<String>> call = () -> List.of(query(pool, SERIAL).get(0), query(named, SERIAL).get(0));
			assertThat(call.call()).containsExactly(decimal(), decimal());
			Load.during(2, call, () -> {
				application.rotate("client");
				await().untilAsserted(() -> assertThat(query(pool, SERIALS)).containsOnly(decimal()));
			});
			String last = decimal();
			try (Connection connection = DriverManager.getConnection(URL + parameters, "test", "")) {
				application.rotate("client");
				assertThat(query(connection, SERIAL)).containsExactly(last);
			}
		}
	}

	@Test
	void reactiveConnectionPresentsTheCurrentCertificate() throws Exception {
		ConnectionFactory connections = ConnectionFactoryBuilder
			.withUrl("r2dbc:postgresql://localhost:" + port + "/postgres")
			.username("test")
			.configure(application.bean(ConnectionFactoryOptionsBuilderCustomizer.class)::customize)
			.build();
		Callable<String> serial = () -> Objects.requireNonNull(Mono.usingWhen(connections.create(),
				(connection) -> Mono.from(connection.createStatement(SERIAL).execute())
					.flatMap((result) -> Mono.from(result.map((row) -> row.get(0, String.class)))),
				io.r2dbc.spi.Connection::close)
			.block());
		assertThat(serial.call()).isEqualTo(decimal());
		Load.during(2, serial, () -> {
			application.rotate("client");
			assertThat(serial.call()).isEqualTo(decimal());
		});
	}

	private static List<String> query(DataSource source, String sql) throws Exception {
		try (Connection connection = source.getConnection()) {
			return query(connection, sql);
		}
	}

	private static List<String> query(Connection connection, String sql) throws Exception {
		try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(sql)) {
			List<String> values = new ArrayList<>();
			while (result.next()) {
				values.add(result.getString(1));
			}
			return values;
		}
	}

	private static String decimal() {
		return application.pair("client").leaf().getSerialNumber().toString();
	}

	/** PostgreSQL does not run as root. */
	static ServerProgram start(Path program, Path directory, int port, CertificatePair pair) throws Exception {
		String both = Pem.write(pair);
		Files.writeString(directory.resolve("server.crt"), Pem.write(pair.chain()));
		Files.writeString(directory.resolve("server.key"), both.substring(both.lastIndexOf("-----BEGIN")));
		Files.writeString(directory.resolve("ca.crt"), RotatingApplication.plane.caPem());
		Files.writeString(directory.resolve("hba.conf"), "hostssl all test all trust clientcert=verify-ca\n");
		List<String> prefix = new ArrayList<>();
		if (System.getProperty("user.name").equals("root")) {
			prefix.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"));
			Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
			run(List.of("chown", "-R", "postgres:postgres", directory.toString()), directory);
		}
		Files.setPosixFilePermissions(directory.resolve("server.key"), PosixFilePermissions.fromString("rw-------"));
		Path data = directory.resolve("data");
		List<String> initialize = new ArrayList<>(prefix);
		initialize.addAll(List.of(program.resolveSibling("initdb").toString(), "--no-sync", "--auth=trust",
				"--username=test", "--no-locale", "--pgdata=" + data));
		run(initialize, directory);
		List<String> command = new ArrayList<>(prefix);
		command.addAll(List.of(program.toString(), "-D", data.toString(), "-p", String.valueOf(port), "-c",
				"listen_addresses=localhost", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "ssl=on", "-c",
				"ssl_cert_file=" + directory.resolve("server.crt"), "-c",
				"ssl_key_file=" + directory.resolve("server.key"), "-c", "ssl_ca_file=" + directory.resolve("ca.crt"),
				"-c", "hba_file=" + directory.resolve("hba.conf")));
		ServerProgram server = new ServerProgram(command, Map.of(), directory, port);
		// It accepts connections before that, and refuses to serve them
		await().until(() -> Files.readString(directory.resolve("output.txt")).contains("ready to accept connections"));
		return server;
	}

	static void run(List<String> command, Path directory) throws Exception {
		Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes());
		assertThat(process.waitFor()).as(output).isZero();
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(DataSourceAutoConfiguration.class)
	static class Jdbc {

	}

}
