package io.kubelet.cert.ssl;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Servers whose certificate has a URI and nothing else.
 *
 * @see io.kubelet.cert.autoconfigure.server.JettyRotation
 */
class UriServerTests {

	/** Jetty would compare the host of each request with the certificate. */
	@ParameterizedTest
	@EnumSource
	void requestIsAnsweredWhateverTheHost(Kind kind, @TempDir Path directory) throws Exception {
		TestAuthority authority = new TestAuthority("servers");
		CertificatePair pair = authority.svid("spiffe://example.org/ns/orders/sa/orders");
		Path file = Files.writeString(directory.resolve("pair.pem"), Pem.write(pair));
		SSLContext client = InsistentKeyManager.context(null, Trust.exactly(List.of(authority.certificate())), "TLS");
		try (RotatingServer server = new RotatingServer(kind, "server.http2.enabled=true",
				"kubelet.cert.rotate-certificates=false", "kubelet.cert.tls-cert-file=" + file,
				"kubelet.cert.tls-private-key-file=" + file)) {
			for (String host : new String[] { null, "orders.orders.svc" }) {
				for (int i = 0; i < 2; i++) {
					try (Connection connection = new Connection(client, server.port(), host)) {
						assertThat(connection.get()).isEqualTo("none");
					}
				}
			}
			try (Http2Connection connection = new Http2Connection(client, server.port())) {
				connection.get();
			}
		}
	}

}
