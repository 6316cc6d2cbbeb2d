package io.kubelet.cert.ssl;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Servers that do not wait for what they need from the API server.
 */
@ExtendWith(OutputCaptureExtension.class)
class BackgroundStartTests {

	/** A server without a certificate refuses also a client that trusts everyone. */
	@ParameterizedTest
	@EnumSource
	void serverRefusesEveryHandshakeAndTakesItsCertificateAndItsAuthoritiesOnceTheyAreThere(Kind kind,
			@TempDir Path directory, CapturedOutput output) throws Exception {
		try (EmbeddedControlPlane own = EmbeddedControlPlane.start()) {
			ClientCertificate issued = own.issueClientCertificate("client");
			CertificatePair client = new CertificatePair(List.of(issued.certificate()), issued.key());
			own.allow("system:bootstrappers", Set.of("list", "watch"), "configmaps", "kube-root-ca.crt");
			own.pause();
			try (RotatingServer server = new RotatingServer(kind,
					"kubelet.cert.kubernetes.kubeconfig=" + own.writeKubeconfig(directory),
					"kubelet.cert.startup.mode=background", "kubelet.cert.additional.client.startup.mode=background",
					"kubelet.cert.ssl.drain=0s", "kubelet.cert.ssl.trust-config-map=kube-root-ca.crt",
					"server.ssl.client-auth=need")) {
				assertThat(output).containsOnlyOnce("[server] There is no certificate yet: servers with the SSL bundle "
						+ "'server' fail every TLS handshake");
				for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
					SSLContext context = SSLContext.getInstance(protocol);
					context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
					try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
						.createSocket("localhost", server.port())) {
						socket.setEnabledCipherSuites(socket.getSupportedCipherSuites());
						assertThatExceptionOfType(SSLHandshakeException.class).isThrownBy(socket::startHandshake);
					}
				}
				own.resume();
				SSLContext context = Connection.context(own.caPem(), client, "TLS");
				Awaitility.await().ignoreExceptions().until(() -> {
					try (Connection connection = new Connection(context, server.port(), null)) {
						return connection.get().equals(RotatingApplication.serial(client.leaf()))
								&& connection.serverCertificate().equals(server.pair("server").leaf());
					}
				});
				try (Connection old = new Connection(context, server.port(), null)) {
					server.rotate("server");
					Awaitility.await().until(old::isClosedByServer);
				}
			}
		}
	}

}
