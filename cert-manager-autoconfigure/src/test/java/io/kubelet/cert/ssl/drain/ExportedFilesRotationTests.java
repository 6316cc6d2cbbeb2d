package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import javax.net.ssl.SSLSocket;
import javax.sql.DataSource;

import com.mysql.cj.NativeSession;
import com.mysql.cj.jdbc.JdbcConnection;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.testsupport.FreePort;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.core.BaseConnection;

import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Pools whose drivers read exported files, and servers that demand client certificates.
 * {@code -Dexport.rotations=20} rotates more often.
 *
 * @see io.kubelet.cert.export.ExportFormat
 * @see io.kubelet.cert.autoconfigure.connections.HikariDrain
 */
@SuppressWarnings("try")
class ExportedFilesRotationTests {

	private static final int ROTATIONS = Integer.getInteger("export.rotations", 3);

	private static final String PASSWORD = "changeit";

	/** The numbers of all connections of the pool. */
	private static final String CONNECTIONS = "select id from information_schema.processlist where user = 'test'";

	private final int port = FreePort.find();

	@TempDir
	private Path directory;

	/** Belongs to the user of the server. */
	@TempDir
	private Path data;

	/**
	 * Its sockets cannot be seen: files that are missing show that each connection reads
	 * them.
	 */
	@ParameterizedTest
	@ValueSource(strings = {
			"jdbc:mariadb://localhost:%1$d/test?sslMode=verify-full&serverSslCert=%2$s/ca.crt&keyStore=%2$s/keystore.p12&keyStorePassword=%3$s&keyStoreType=PKCS12",
			"jdbc:mariadb://localhost:%1$d/test?sslMode=verify-full&trustStore=%2$s/truststore.p12&trustStorePassword=%3$s&trustStoreType=PKCS12&keyStore=%2$s/keystore.p12&keyStorePassword=%3$s&keyStoreType=PKCS12" })
	void poolOfConnectorForMariaDbMakesNewConnections(String url) throws Exception {
		Path program = ServerProgram.require("mariadbd", "/usr/sbin", "/usr/bin", "/usr/local/bin");
		try (RotatingApplication application = start(url, "pem,pkcs12");
				ServerProgram server = mariaDb(program, application.pair("server"))) {
			DataSource pool = application.bean(DataSource.class);
			query(pool, "select 1");
			Load.during(ROTATIONS, () -> query(pool, "select 1"), () -> {
				long last = Collections.max(query(pool, CONNECTIONS));
				application.rotate("client");
				await().untilAsserted(
						() -> assertThat(query(pool, CONNECTIONS)).isNotEmpty().allMatch((number) -> number > last));
			});
			Files.delete(tls().resolve("keystore.p12"));
			assertThatExceptionOfType(SQLException.class)
				.isThrownBy(() -> DriverManager.getConnection(url.formatted(this.port, tls(), PASSWORD), "test", ""))
				.withMessageContaining("keystore.p12");
		}
	}

	/** Although the server knows the password of the user. */
	@ParameterizedTest
	@ValueSource(strings = { "jdbc:mariadb://localhost:%1$d/test?sslMode=verify-full&serverSslCert=%2$s/ca.crt",
			"jdbc:mysql://localhost:%1$d/test?sslMode=VERIFY_IDENTITY&trustCertificateKeyStoreUrl=file:%2$s/truststore.p12&trustCertificateKeyStorePassword=%3$s&trustCertificateKeyStoreType=PKCS12" })
	void serverOfAnotherAuthorityIsRefused(String url) throws Exception {
		Path program = ServerProgram.require("mariadbd", "/usr/sbin", "/usr/bin", "/usr/local/bin");
		try (RotatingApplication application = start(url, "pem,pkcs12");
				ServerProgram server = mariaDb(program, new TestAuthority("other").pair("db", "localhost"))) {
			assertThatExceptionOfType(SQLException.class)
				.isThrownBy(
						() -> DriverManager.getConnection(url.formatted(this.port, tls(), PASSWORD), "other", "secret"))
				.havingRootCause()
				.isInstanceOf(GeneralSecurityException.class);
		}
	}

	@Test
	void poolOfConnectorForMySqlPresentsTheCurrentCertificate() throws Exception {
		Path program = ServerProgram.require("mariadbd", "/usr/sbin", "/usr/bin", "/usr/local/bin");
		String url = "jdbc:mysql://localhost:%1$d/test?sslMode=VERIFY_IDENTITY&trustCertificateKeyStoreUrl=file:%2$s/truststore.p12&trustCertificateKeyStorePassword=%3$s&trustCertificateKeyStoreType=PKCS12&clientCertificateKeyStoreUrl=file:%2$s/keystore.p12&clientCertificateKeyStorePassword=%3$s&clientCertificateKeyStoreType=PKCS12";
		try (RotatingApplication application = start(url, "pkcs12");
				ServerProgram server = mariaDb(program, application.pair("server"))) {
			assertPoolFollows(application,
					(connection) -> ((NativeSession) connection.unwrap(JdbcConnection.class).getSession()).getProtocol()
						.getSocketConnection()
						.getMysqlSocket());
		}
	}

	@Test
	void poolOfPostgresqlPresentsTheCurrentCertificate() throws Exception {
		Path program = ServerProgram.require("bin/postgres", "/usr/lib/postgresql");
		String url = "jdbc:postgresql://localhost:%1$d/postgres?sslmode=verify-full&sslrootcert=%2$s/ca.crt&sslcert=%2$s/tls.crt&sslkey=%2$s/tls.pk8";
		try (RotatingApplication application = start(url, "pem,key-der");
				ServerProgram server = PostgresqlRotationTests.start(program, this.data, this.port,
						application.pair("server"))) {
			assertPoolFollows(application, (connection) -> {
				Object executor = connection.unwrap(BaseConnection.class).getQueryExecutor();
				Object stream = Objects.requireNonNull(ReflectionTestUtils.getField(executor, "pgStream"));
				return Objects.requireNonNull(ReflectionTestUtils.getField(stream, "connection"));
			});
		}
	}

	private RotatingApplication start(String url, String formats) throws Exception {
		Path password = Files.writeString(this.directory.resolve("password"), PASSWORD + "\n");
		List<String> properties = new ArrayList<>(
				List.of("spring.datasource.url=" + url.formatted(this.port, tls(), PASSWORD),
						"spring.datasource.username=test", "spring.datasource.hikari.maximum-pool-size=3",
						"kubelet.cert.additional.client.export.directory=" + tls(),
						"kubelet.cert.additional.client.export.formats=" + formats));
		if (formats.contains("pkcs12")) {
			properties.add("kubelet.cert.additional.client.export.password-file=" + password);
		}
		return new RotatingApplication(PostgresqlRotationTests.Jdbc.class, properties.toArray(String[]::new));
	}

	private Path tls() {
		return this.directory.resolve("tls");
	}

	private static void assertPoolFollows(RotatingApplication application, Sockets sockets) throws Exception {
		DataSource pool = application.bean(DataSource.class);
		assertThat(presented(pool, sockets)).isEqualTo(application.pair("client").leaf());
		Load.during(ROTATIONS, () -> query(pool, "select 1"), () -> {
			X509Certificate rotated = application.rotate("client");
			await().untilAsserted(() -> assertThat(presented(pool, sockets)).isEqualTo(rotated));
		});
	}

	/** What the client has sent in the handshake of a connection. */
	private static X509Certificate presented(DataSource pool, Sockets sockets) throws Exception {
		try (Connection connection = pool.getConnection()) {
			return (X509Certificate) ((SSLSocket) sockets.of(connection)).getSession().getLocalCertificates()[0];
		}
	}

	private static List<Long> query(DataSource pool, String sql) throws Exception {
		try (Connection connection = pool.getConnection();
				Statement statement = connection.createStatement();
				ResultSet result = statement.executeQuery(sql)) {
			List<Long> numbers = new ArrayList<>();
			while (result.next()) {
				numbers.add(result.getLong(1));
			}
			return numbers;
		}
	}

	/** Its user for tests has no password, only a certificate. */
	private ServerProgram mariaDb(Path program, CertificatePair pair) throws Exception {
		Files.writeString(this.data.resolve("server.crt"), Pem.write(pair.chain()));
		Files.writeString(this.data.resolve("server.key"), Pem.writePkcs8(pair));
		Files.writeString(this.data.resolve("ca.crt"), RotatingApplication.plane.caPem());
		Files.writeString(this.data.resolve("users.sql"), """
				CREATE DATABASE test;
				CREATE USER test REQUIRE X509;
				GRANT ALL ON test.* TO test;
				CREATE USER other IDENTIFIED BY 'secret';
				GRANT ALL ON test.* TO other;
				""");
		List<String> prefix = new ArrayList<>();
		if (System.getProperty("user.name").equals("root")) {
			prefix.addAll(List.of("setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups"));
			Files.setPosixFilePermissions(this.data, PosixFilePermissions.fromString("rwx--x--x"));
			run(List.of("chown", "-R", "mysql:mysql", this.data.toString()));
		}
		Path files = this.data.resolve("data");
		run(with(prefix, "mariadb-install-db", "--no-defaults", "--datadir=" + files,
				"--auth-root-authentication-method=normal", "--skip-test-db"));
		return new ServerProgram(
				with(prefix, program.toString(), "--no-defaults", "--datadir=" + files, "--bind-address=127.0.0.1",
						"--port=" + this.port, "--socket=" + this.data.resolve("socket"),
						"--pid-file=" + this.data.resolve("pid"), "--init-file=" + this.data.resolve("users.sql"),
						"--require-secure-transport=ON", "--ssl-cert=" + this.data.resolve("server.crt"),
						"--ssl-key=" + this.data.resolve("server.key"), "--ssl-ca=" + this.data.resolve("ca.crt")),
				Map.of(), this.data, this.port);
	}

	private static List<String> with(List<String> prefix, String... command) {
		List<String> all = new ArrayList<>(prefix);
		all.addAll(List.of(command));
		return all;
	}

	private void run(List<String> command) throws Exception {
		PostgresqlRotationTests.run(command, this.data);
	}

	/** Finds the socket of a connection. */
	private interface Sockets {

		Object of(Connection connection) throws Exception;

	}

}
