package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;

import javax.sql.DataSource;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.ssl.BundleSocketFactory;
import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.testsupport.FreePort;
import io.kubelet.cert.testsupport.TestAuthority;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.r2dbc.ConnectionFactoryBuilder;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * JDBC and R2DBC connections that accept certain PostgreSQL servers. The address of the
 * server is {@code localhost}.
 *
 * @see io.kubelet.cert.autoconfigure.connections.CertificatePostgresqlAutoConfiguration
 */
@SuppressWarnings("try")
class PostgresqlAcceptedServersTests {

	private static final String ORDERS = "spiffe://example.org/ns/orders/sa/orders";

	private static final TestAuthority authority = new TestAuthority("servers");

	private static Path program;

	private final int port = FreePort.find();

	private final String url = "jdbc:postgresql://localhost:" + this.port + "/postgres";

	@TempDir
	private Path directory;

	/** Belongs to the user of the server. */
	@TempDir
	private Path data;

	@BeforeAll
	static void require() throws Exception {
		program = ServerProgram.require("bin/postgres", "/usr/lib/postgresql");
	}

	static Stream<CertificatePair> accepted() {
		return Stream.of(authority.svid(ORDERS), authority.pair("any", "orders.test"));
	}

	@ParameterizedTest
	@MethodSource("accepted")
	void serverIsAcceptedByItsNameUnlessTheDriverVerifiesTheHostName(CertificatePair pair) throws Exception {
		// The server ends when it has no connection any more
		try (ServerProgram server = serve(pair); RotatingApplication application = start()) {
			try (Connection connection = application.bean(DataSource.class).getConnection()) {
				assertThat(connection.isValid(10)).isTrue();
			}
			assertThat(connect(application)).isEqualTo(1);
			try (Connection connection = connect("verify-ca")) {
				assertThat(connection.isValid(10)).isTrue();
			}
			assertThatExceptionOfType(SQLException.class).isThrownBy(() -> connect("verify-full"))
				.withMessageContaining("hostname");
		}
	}

	/** Also one with the right address only. */
	static Stream<Arguments> refused() {
		List<GeneralName> twoUris = Stream.of(ORDERS, ORDERS + "2")
			.map((uri) -> new GeneralName(GeneralName.uniformResourceIdentifier, uri))
			.toList();
		return Stream.of(Arguments.of(authority.pair("any", "localhost"), "which is not accepted"),
				Arguments.of(authority.svid(ORDERS + "2"), "which is not accepted"),
				Arguments.of(new TestAuthority("other").svid(ORDERS), "certification path"),
				Arguments.of(authority.pair(new X500Name(""), twoUris, false, KeyUsage.digitalSignature),
						"breaks a rule of SPIFFE"));
	}

	@ParameterizedTest
	@MethodSource("refused")
	void serverThatIsNotAcceptedIsRefused(CertificatePair pair, String reason) throws Exception {
		try (ServerProgram server = serve(pair); RotatingApplication application = start()) {
			assertThatThrownBy(() -> application.bean(DataSource.class).getConnection())
				.hasStackTraceContaining(reason);
			assertThatThrownBy(() -> connect(application)).hasStackTraceContaining(reason);
			for (String mode : List.of("require", "verify-ca", "verify-full")) {
				assertThatThrownBy(() -> connect(mode)).hasStackTraceContaining(reason);
			}
		}
	}

	private RotatingApplication start() throws Exception {
		Path trusted = Files.writeString(this.directory.resolve("servers.crt"),
				Pem.write(List.of(authority.certificate())));
		return new RotatingApplication(PostgresqlRotationTests.Jdbc.class, "spring.datasource.url=" + this.url,
				"spring.datasource.username=test", "kubelet.cert.postgresql.bundle=client",
				"spring.datasource.hikari.connection-timeout=60000",
				"kubelet.cert.additional.client.ssl.trust-file=" + trusted,
				"kubelet.cert.additional.client.ssl.accepted-servers.uris=" + ORDERS,
				"kubelet.cert.additional.client.ssl.accepted-servers.dns-names=orders.test");
	}

	private ServerProgram serve(CertificatePair pair) throws Exception {
		return PostgresqlRotationTests.start(program, this.data, this.port, pair);
	}

	private Connection connect(String mode) throws SQLException {
		return DriverManager.getConnection(this.url + "?sslmode=" + mode + "&sslfactory="
				+ BundleSocketFactory.class.getName() + "&sslfactoryarg=client", "test", "");
	}

	private int connect(RotatingApplication application) {
		return Mono
			.usingWhen(
					ConnectionFactoryBuilder.withUrl("r2dbc:postgresql://localhost:" + this.port + "/postgres")
						.username("test")
						.configure(application.bean(ConnectionFactoryOptionsBuilderCustomizer.class)::customize)
						.build()
						.create(),
					(connection) -> Mono.from(connection.createStatement("select 1").execute())
						.flatMap((result) -> Mono.from(result.map((row) -> row.get(0, Integer.class)))),
					io.r2dbc.spi.Connection::close)
			.block();
	}

}
