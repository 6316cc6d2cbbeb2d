package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.RefusalReason;
import io.kubelet.cert.certificate.peers.RefusedPeers;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.TestAuthority;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Servers that accept certain clients, in real handshakes.
 *
 * @see PeerTrustManager
 * @see io.kubelet.cert.certificate.peers.ClientAddress
 */
@ExtendWith(OutputCaptureExtension.class)
@ParameterizedClass
@EnumSource
class AcceptedClientsTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	private static final TestAuthority authority = new TestAuthority("clients");

	private static final TestAuthority other = new TestAuthority("other");

	private static final Trust SERVER = Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem()));

	@TempDir
	private static Path directory;

	/** Demands a certificate, on the port of the management, too. */
	private static RotatingServer need;

	private static RotatingServer want;

	AcceptedClientsTests(Kind kind) {
	}

	@BeforeParameterizedClassInvocation
	static void start(Kind kind) throws IOException {
		need = start(kind, "need");
		want = start(kind, "want");
	}

	private static RotatingServer start(Kind kind, String clientAuth) throws IOException {
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		return new RotatingServer(kind, "server.ssl.client-auth=" + clientAuth, "server.http2.enabled=true",
				"management.server.port=0", "management.server.ssl.bundle=server",
				"management.server.ssl.client-auth=" + clientAuth, "kubelet.cert.ssl.trust-file=" + trusted,
				"kubelet.cert.ssl.accepted-clients.uris=" + SHOP + ",spiffe://example.org/ns/batch/*",
				"kubelet.cert.ssl.accepted-clients.dns-names=shop.shop.svc",
				"kubelet.cert.ssl.accepted-clients.common-names=shop");
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		need.close();
		want.close();
	}

	@ParameterizedTest
	@EnumSource
	void certificateIsAcceptedByOneOfItsNames(Case client) throws Exception {
		for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
			SSLContext context = InsistentKeyManager.context(client.pair, SERVER, protocol);
			for (RotatingServer server : List.of(need, want)) {
				boolean accepted = (client.pair == null) ? server == want : client.accepted;
				for (int port : List.of(server.port(), server.port("local.management.port"))) {
					assertThat(isAnsweredByHttp1(context, port)).as("%s, port %d", protocol, port).isEqualTo(accepted);
				}
				assertThat(isAnsweredByHttp2(context, server.uri())).as("%s, HTTP/2", protocol).isEqualTo(accepted);
			}
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "URI_NOT_ACCEPTED", "URI_OF_ANOTHER_AUTHORITY", "SVID_WITH_TWO_URIS", "NO_CERTIFICATE" })
	void refusalIsCountedAndLogged(Case client) throws Exception {
		RefusalReason reason = switch (client) {
			case URI_OF_ANOTHER_AUTHORITY -> RefusalReason.UNTRUSTED;
			case SVID_WITH_TWO_URIS -> RefusalReason.MALFORMED;
			case NO_CERTIFICATE -> RefusalReason.MISSING;
			default -> RefusalReason.NOT_ACCEPTED;
		};
		LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(need.bundle("server")));
		// Counts those of the tests before
		bundle.seenPeers();
		RefusedPeers refused = bundle.peers().refused();
		long before = refused.count(PeerRole.CLIENT, reason);
		for (int i = 1; i <= 3; i++) {
			assertThat(isAnsweredByHttp1(InsistentKeyManager.context(client.pair, SERVER, "TLS"), need.port()))
				.isFalse();
			long expected = before + i;
			await().untilAsserted(() -> assertThat(refused.count(PeerRole.CLIENT, reason)).isEqualTo(expected));
		}
	}

	/** Those that others have been refused by before are not logged again. */
	@Test
	void refusalNamesTheAddressOfTheClient(CapturedOutput output) throws Exception {
		for (CertificatePair client : Arrays.asList(authority.svid(SHOP + "/of/" + System.nanoTime()), null)) {
			SSLContext context = InsistentKeyManager.context(client, SERVER, "TLS");
			assertThat(isAnsweredByHttp1(context, need.port())).isFalse();
		}
		await().untilAsserted(() -> assertThat(output.toString().lines())
			.filteredOn((line) -> line.contains("is refused by the SSL bundle 'server'"))
			.isNotEmpty()
			.allMatch((line) -> line.matches(".*A client at [0-9a-f.:]+:[0-9]+ is refused.*")));
	}

	/** Each of the two servers, which have a bundle each, logs it once. */
	@Test
	void alertOfAClientIsExplained(CapturedOutput output) throws Exception {
		Trust nobody = Trust.exactly(List.of(other.certificate()));
		assertThat(isAnsweredByHttp1(InsistentKeyManager.context(authority.svid(SHOP), nobody, "TLSv1.3"), need.port()))
			.isFalse();
		assertThat(isAnsweredByHttp1(InsistentKeyManager.context(authority.svid(SHOP), nobody, "TLSv1.2"), want.port()))
			.isFalse();
		await().untilAsserted(() -> assertThat(output.toString().lines()).filteredOn((line) -> line.matches(
				".*A client at [0-9a-f.:]+ refuses this application, which uses the SSL bundle 'server', with the alert 'certificate_unknown'.*"))
			.hasSize(2));
	}

	/** With TLS 1.3, a client finds out after the handshake. */
	private static boolean isAnsweredByHttp1(SSLContext context, int port) throws IOException {
		try (Connection connection = new Connection(context, port, null)) {
			connection.get();
			return true;
		}
		catch (ConnectException ex) {
			throw ex;
		}
		catch (SSLException | SocketException ex) {
			return false;
		}
		catch (IOException ex) {
			assertThat(ex).hasMessageStartingWith("The answer is HTTP/1.1 404");
			return true;
		}
	}

	private static boolean isAnsweredByHttp2(SSLContext context, URI uri) throws Exception {
		HttpClient client = HttpClient.newBuilder().sslContext(context).build();
		try {
			HttpResponse<Void> response = client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding());
			assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
			assertThat(response.statusCode()).isEqualTo(200);
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/** A client, and whether its certificate is accepted. */
	enum Case {

		URI_ACCEPTED(true, authority.svid(SHOP)),

		URI_OF_A_PATTERN(true, authority.svid("spiffe://example.org/ns/batch/one")),

		URI_NOT_ACCEPTED(false, authority.svid(SHOP + "2")),

		DNS_NAME_ACCEPTED(true, authority.pair("any", "other.svc", "Shop.shop.svc")),

		DNS_NAME_NOT_ACCEPTED(false, authority.pair("any", "shop.other.svc")),

		WILDCARD(false, authority.pair("any", "*.shop.svc")),

		COMMON_NAME_ACCEPTED(true, authority.pair("shop")),

		COMMON_NAME_NOT_ACCEPTED(false, authority.pair("Shop")),

		URI_OF_ANOTHER_AUTHORITY(false, other.svid(SHOP)),

		DNS_NAME_OF_ANOTHER_AUTHORITY(false, other.pair("any", "shop.shop.svc")),

		COMMON_NAME_OF_ANOTHER_AUTHORITY(false, other.pair("shop")),

		SVID_WITH_TWO_URIS(false,
				authority.pair(new X500Name("CN=shop"), List.of(uri(SHOP), uri(SHOP + "2")), false,
						KeyUsage.digitalSignature)),

		SVID_OF_AN_AUTHORITY(false,
				authority.pair(new X500Name("CN=shop"), List.of(uri(SHOP)), true, KeyUsage.digitalSignature)),

		SVID_THAT_SIGNS(false,
				authority.pair(new X500Name("CN=shop"), List.of(uri(SHOP)), false,
						KeyUsage.digitalSignature | KeyUsage.keyCertSign)),

		NO_CERTIFICATE(false, null);

		private final boolean accepted;

		private final @Nullable CertificatePair pair;

		Case(boolean accepted, @Nullable CertificatePair pair) {
			this.accepted = accepted;
			this.pair = pair;
		}

		private static GeneralName uri(String uri) {
			return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
		}

	}

}
