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
import io.kubelet.cert.ssl.BundleSocketFactory;
import io.r2dbc.spi.ConnectionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * JDBC and R2DBC connections to a PostgreSQL server that demands client certificates and
 * tells which one a connection presented.
 */
@SuppressWarnings("try")
class PostgresqlRotationTests {

	/** The certificate of this connection. */
	private static final String SERIAL = "select client_serial::text from pg_stat_ssl where pid = pg_backend_pid()";

	/** Those of all connections of clients. */
	private static final String SERIALS = "select client_serial::text from pg_stat_ssl where client_serial is not null";

	@TempDir
	private Path directory;

	@Test
	void poolsFollowTheRotationAndAnotherConnectionRemains() throws Exception {
		int port = RotatingApplication.freePort();
		String url = "jdbc:postgresql://localhost:" + port + "/postgres";
		String parameters = "?sslmode=verify-full&sslfactory=" + BundleSocketFactory.class.getName()
				+ "&sslfactoryarg=client";
		try (RotatingApplication application = new RotatingApplication(this.directory, Jdbc.class,
				"spring.datasource.url=" + url, "spring.datasource.username=test",
				"kubelet.cert.postgresql.bundle=client", "spring.datasource.hikari.maximum-pool-size=3");
				ServerProgram server = start(application, port);
				HikariDataSource named = new HikariDataSource()) {
			DataSource pool = application.bean(DataSource.class);
			named.setJdbcUrl(url + parameters);
			named.setUsername("test");
			named.setMaximumPoolSize(3);
			application.add("named", named);
			String before = decimal(application.serial("client"));
			Callable<List<String>> call = () -> List.of(serial(pool), serial(named));
			assertThat(call.call()).containsExactly(before, before);
			int calls = RotatingApplication.rotationsUnderLoad(call, () -> {
				String serial = decimal(application.rotate("client"));
				await().untilAsserted(() -> assertThat(serials(pool)).containsOnly(serial));
			});
			assertThat(calls).isPositive();
			String last = decimal(application.serial("client"));
			try (Connection connection = DriverManager.getConnection(url + parameters, "test", "")) {
				application.rotate("client");
				assertThat(query(connection, SERIAL)).containsExactly(last);
			}
		}
	}

	@Test
	void reactiveConnectionPresentsTheCurrentCertificate() throws Exception {
		int port = RotatingApplication.freePort();
		try (RotatingApplication application = new RotatingApplication(this.directory, R2dbc.class,
				"spring.r2dbc.url=r2dbc:postgresql://localhost:" + port + "/postgres", "spring.r2dbc.username=test",
				"kubelet.cert.postgresql.bundle=client"); ServerProgram server = start(application, port)) {
			ConnectionFactory connections = application.bean(ConnectionFactory.class);
			Callable<String> serial = () -> Objects.requireNonNull(Mono.usingWhen(connections.create(),
					(connection) -> Mono.from(connection.createStatement(SERIAL).execute())
						.flatMap((result) -> Mono.from(result.map((row) -> row.get(0, String.class)))),
					io.r2dbc.spi.Connection::close)
				.block());
			assertThat(serial.call()).isEqualTo(decimal(application.serial("client")));
			int calls = RotatingApplication.rotationsUnderLoad(serial, () -> {
				String current = decimal(application.rotate("client"));
				assertThat(serial.call()).isEqualTo(current);
			});
			assertThat(calls).isPositive();
		}
	}

	private static String serial(DataSource source) throws Exception {
		try (Connection connection = source.getConnection()) {
			return query(connection, SERIAL).get(0);
		}
	}

	private static List<String> serials(DataSource source) throws Exception {
		try (Connection connection = source.getConnection()) {
			return query(connection, SERIALS);
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

	private static String decimal(String hexadecimal) {
		return new java.math.BigInteger(hexadecimal, 16).toString();
	}

	/** PostgreSQL does not run as root. */
	private static ServerProgram start(RotatingApplication application, int port) throws Exception {
		Path program = ServerProgram.require("bin/postgres", "/usr/lib/postgresql");
		Path directory = Files.createDirectory(application.directory().resolve("postgresql"));
		application.writeServerFiles(directory);
		Files.writeString(directory.resolve("hba.conf"), "hostssl all test all trust clientcert=verify-ca\n");
		List<String> prefix = new ArrayList<>();
		if (System.getProperty("user.name").equals("root")) {
			prefix.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"));
			Files.setPosixFilePermissions(application.directory(), PosixFilePermissions.fromString("rwx--x--x"));
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

	private static void run(List<String> command, Path directory) throws Exception {
		Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes());
		assertThat(process.waitFor()).as(output).isZero();
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(DataSourceAutoConfiguration.class)
	static class Jdbc {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(R2dbcAutoConfiguration.class)
	static class R2dbc {

	}

}
