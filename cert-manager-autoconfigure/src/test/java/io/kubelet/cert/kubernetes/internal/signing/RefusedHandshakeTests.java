package io.kubelet.cert.kubernetes.internal.signing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.MutualTlsServer;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

/**
 * Tests for {@link KubernetesSigners} with a server, such as a proxy before the API
 * server, that demands a client certificate in the handshake.
 */
class RefusedHandshakeTests {

	private final TestAuthority known = new TestAuthority("known");

	@TempDir
	Path directory;

	@Test
	void certificateThatIsRefusedInTheHandshakeIsReadAgainAfterAMinute() throws Exception {
		SimulatedTime time = new SimulatedTime(Instant.now());
		write(client(new TestAuthority("unknown")));
		try (MutualTlsServer server = new MutualTlsServer(context())) {
			writeKubeconfig(server);
			try (KubernetesSigners signers = new KubernetesSigners(new CertificateSigningRequests(),
					new ApiClientProvider(this.directory.resolve("kubeconfig"), null, null, Thread::new, time), time)) {
				assertThat(request(signers)).failsWithin(Adapter.PATIENCE)
					.withThrowableThat()
					.havingRootCause()
					.isInstanceOf(IOException.class);
				write(client(this.known));
				time.pass(Duration.ofSeconds(61));
				assertThat(request(signers)).as("answered after a handshake")
					.failsWithin(Adapter.PATIENCE)
					.withThrowableThat()
					.havingRootCause()
					.asInstanceOf(type(RequestException.class))
					.returns(Kind.UNAVAILABLE, Kind::of)
					.extracting(RequestException::reason)
					.isEqualTo("UnexpectedResponse");
			}
		}
	}

	private static CompletableFuture<List<X509Certificate>> request(KubernetesSigners signers) {
		return signers.signer(null).request(Adapter.newRequest(), (submitted) -> {
		});
	}

	private static CertificatePair client(TestAuthority authority) {
		return pair(authority, CertificateTemplate.ofSubject("client"));
	}

	private static CertificatePair pair(TestAuthority authority, CertificateTemplate template) {
		Instant now = Instant.now();
		return authority.pair(template, now.minus(Duration.ofHours(1)), now.plus(Duration.ofHours(1)));
	}

	private SSLContext context() {
		String pem = Pem
			.write(pair(this.known, CertificateTemplate.ofSubject("server").withDnsNames(List.of("localhost"))));
		return SslBundle
			.of(new PemSslStoreBundle(PemSslStoreDetails.forCertificate(pem).withPrivateKey(pem),
					PemSslStoreDetails.forCertificate(Pem.write(List.of(this.known.certificate())))))
			.createSslContext();
	}

	private void write(CertificatePair pair) throws IOException {
		Files.writeString(this.directory.resolve("client.pem"), Pem.write(pair));
	}

	private void writeKubeconfig(MutualTlsServer server) throws IOException {
		Files.writeString(this.directory.resolve("ca.pem"), Pem.write(List.of(this.known.certificate())));
		Files.writeString(this.directory.resolve("kubeconfig"), """
				apiVersion: v1
				kind: Config
				clusters: [{name: c, cluster: {server: "%s", certificate-authority: ca.pem}}]
				users: [{name: u, user: {client-certificate: client.pem, client-key: client.pem}}]
				contexts: [{name: x, context: {cluster: c, user: u}}]
				current-context: x
				""".formatted(server.uri()));
	}

}
