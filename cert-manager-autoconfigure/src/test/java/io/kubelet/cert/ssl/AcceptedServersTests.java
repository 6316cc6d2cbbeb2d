package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.TestAuthority;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpClient;

import org.springframework.boot.ssl.SslBundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchException;

/**
 * Clients that accept certain servers, in real handshakes. The address of the server is
 * {@code localhost}.
 *
 * @see PeerTrustManager
 */
class AcceptedServersTests {

	private static final String ORDERS = "spiffe://example.org/ns/orders/sa/orders";

	private static final TestAuthority authority = new TestAuthority("servers");

	private static final TestAuthority other = new TestAuthority("other");

	private static RotatingApplication application;

	@BeforeAll
	static void start(@TempDir Path directory) throws IOException {
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		application = new RotatingApplication(ClientRotationTests.Clients.class,
				"kubelet.cert.additional.client.ssl.trust-file=" + trusted,
				"kubelet.cert.additional.client.ssl.accepted-servers.uris=spiffe://example.org/ns/orders/sa/*",
				"kubelet.cert.additional.client.ssl.accepted-servers.dns-names=orders.test");
	}

	@AfterAll
	static void stop() {
		application.close();
	}

	static Stream<Arguments> clients() {
		Stream<Client> ofBoot = Arrays.stream(ClientRotationTests.Client.values()).map((client) -> {
			SslBundle bundle = application.bundle("client");
			return new Client(client.name(), false, (server) -> client.with(bundle).apply(server));
		});
		SslBundle bundle = application.bundle("client");
		return Stream
			.concat(ofBoot,
					Stream.of(new Client("HttpClient", false, AcceptedServersTests::requestByTheJdk),
							new Client("BundleSocketFactory", false, AcceptedServersTests::connectByFactory),
							new Client("OkHttp", true, (server) -> requestByOkHttp(server, client(bundle))),
							new Client("OkHttp that leaves the name to the bundle", false,
									(server) -> requestByOkHttp(server,
											client(bundle).hostnameVerifier((host, session) -> true))),
							new Client("OTLP", true, AcceptedServersTests::export),
							new Client("TCP by Netty, as RSocket", false, AcceptedServersTests::connectByNetty)))
			.flatMap((client) -> Stream.of(Case.values()).map((server) -> Arguments.of(client, server)));
	}

	/** A client that compares the address by itself accepts less, and nothing more. */
	@ParameterizedTest(name = "{0}: {1}")
	@MethodSource("clients")
	void serverIsAcceptedByOneOfItsNames(Client client, Case identity) throws Exception {
		try (StandInServer server = new StandInServer(StandInServer::http).start(identity.pair,
				Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem())))) {
			Exception failure = catchException(() -> client.request.to(server.uri()));
			if (identity.accepted && !client.comparesAddress) {
				assertThat(failure).isNull();
				assertThat(server.presented()).containsOnly(application.serial("client"));
			}
			else if (identity == Case.ADDRESS_AND_URI) {
				assertThat(failure).as("with the address as well").isNull();
			}
			else {
				assertThat(failure).isNotNull();
			}
			if (!identity.accepted) {
				assertThat(server.presented()).isEmpty();
			}
		}
	}

	private static void requestByTheJdk(URI server) throws Exception {
		HttpClient.newBuilder()
			.sslContext(application.bundle("client").createSslContext())
			.build()
			.send(HttpRequest.newBuilder(server).build(), BodyHandlers.discarding());
	}

	private static void connectByFactory(URI server) throws IOException {
		try (SSLSocket socket = (SSLSocket) new BundleSocketFactory("client").createSocket("localhost",
				server.getPort())) {
			socket.startHandshake();
			socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
			assertThat(socket.getInputStream().read()).isEqualTo('H');
		}
	}

	private static OkHttpClient.Builder client(SslBundle bundle) {
		SSLContext context = bundle.createSslContext();
		return new OkHttpClient.Builder().sslSocketFactory(context.getSocketFactory(),
				(X509TrustManager) bundle.getManagers().getTrustManagers()[0]);
	}

	private static void requestByOkHttp(URI server, OkHttpClient.Builder client) throws IOException {
		try (Response response = client.build()
			.newCall(new Request.Builder().url(server.toString()).build())
			.execute()) {
			assertThat(response.code()).isEqualTo(200);
		}
	}

	/** As Spring Boot creates it. */
	private static void export(URI server) throws IOException {
		SslBundle bundle = application.bundle("client");
		SpanExporter exporter = OtlpHttpSpanExporter.builder()
			.setEndpoint(server + "v1/traces")
			.setRetryPolicy(null)
			.setSslContext(bundle.createSslContext(), (X509TrustManager) bundle.getManagers().getTrustManagers()[0])
			.build();
		CompletableResultCode result = exporter.export(List.of()).join(60, TimeUnit.SECONDS);
		exporter.shutdown();
		if (!result.isSuccess()) {
			throw new IOException("Nothing is exported");
		}
	}

	private static void connectByNetty(URI server) throws Exception {
		SslContext context = SslContextBuilder.forClient()
			.keyManager(application.bundle("client").getManagers().getKeyManagerFactory())
			.trustManager(application.bundle("client").getManagers().getTrustManagerFactory())
			.build();
		TcpClient.create()
			.host("localhost")
			.port(server.getPort())
			.secure((spec) -> spec.sslContext(context))
			.connect()
			.flatMap((connection) -> connection.outbound()
				.sendString(Mono.just("GET / HTTP/1.1\r\n\r\n"))
				.then()
				.then(connection.inbound().receive().asString().next())
				.doFinally((signal) -> connection.dispose()))
			.block();
	}

	/** What a client does. */
	private interface Call {

		void to(URI server) throws Exception;

	}

	/**
	 * A client, and whether it compares the names of the server with the address by
	 * itself, besides the bundle.
	 */
	record Client(String name, boolean comparesAddress, Call request) {

		@Override
		public String toString() {
			return this.name;
		}

	}

	/** A server, and whether it is accepted. */
	enum Case {

		URI_ACCEPTED(true, authority.svid(ORDERS)),

		URI_NOT_ACCEPTED(false, authority.svid("spiffe://example.org/ns/other/sa/orders")),

		ADDRESS_ONLY(false, authority.pair("any", "localhost")),

		DNS_NAME_ACCEPTED(true, authority.pair("any", "orders.test")),

		WILDCARD(false, authority.pair("any", "*.test")),

		ADDRESS_AND_URI(true,
				authority.pair(new X500Name(""),
						List.of(uri(ORDERS), new GeneralName(GeneralName.dNSName, "localhost")), false,
						KeyUsage.digitalSignature)),

		URI_OF_ANOTHER_AUTHORITY(false, other.svid(ORDERS)),

		DNS_NAME_OF_ANOTHER_AUTHORITY(false, other.pair("any", "orders.test", "localhost")),

		SVID_WITH_TWO_URIS(false,
				authority.pair(new X500Name(""), List.of(uri(ORDERS), uri(ORDERS + "2")), false,
						KeyUsage.digitalSignature)),

		SVID_OF_AN_AUTHORITY(false,
				authority.pair(new X500Name("CN=a"), List.of(uri(ORDERS)), true, KeyUsage.digitalSignature)),

		COMMON_NAME(false, authority.pair("orders.test"));

		private final boolean accepted;

		private final CertificatePair pair;

		Case(boolean accepted, CertificatePair pair) {
			this.accepted = accepted;
			this.pair = pair;
		}

		private static GeneralName uri(String uri) {
			return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
		}

	}

}
