package io.kubelet.cert.ssl;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Servers that do not wait for what they need from the API server.
 */
class BackgroundStartTests {

	@TempDir
	Path directory;

	/** The first one comes while the application is running. */
	@ParameterizedTest
	@EnumSource
	void serverThatStartsWithoutACertificateTakesTheFirst(Kind kind) throws Exception {
		try (EmbeddedControlPlane own = EmbeddedControlPlane.builder().approval(ApprovalPolicy.manual()).start();
				RotatingServer server = new RotatingServer(kind, own, this.directory,
						"kubelet.cert.startup.mode=background",
						"kubelet.cert.additional.client.startup.mode=background", "kubelet.cert.ssl.drain=0s")) {
			SSLContext context = Connection.context(own, null);
			assertThatExceptionOfType(UncheckedIOException.class)
				.isThrownBy(() -> new Connection(context, server.port(), null));
			own.behavior().approval(ApprovalPolicy.approving());
			Awaitility.await().ignoreExceptions().until(() -> {
				try (Connection connection = new Connection(context, server.port(), null)) {
					return connection.serverCertificate().equals(server.current("server"));
				}
			});
			try (Connection old = new Connection(context, server.port(), null)) {
				server.rotate("server");
				Awaitility.await().until(old::isClosedByServer);
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void serverThatStartsWithoutTheApiServerTrustsItsAuthoritiesOnceItIsThere(Kind kind) {
		try (EmbeddedControlPlane own = EmbeddedControlPlane.start()) {
			ClientCertificate issued = own.issueClientCertificate("client");
			CertificatePair client = new CertificatePair(List.of(issued.certificate()), issued.key());
			own.allow("system:bootstrappers", Set.of("list", "watch"), "configmaps", "kube-root-ca.crt");
			own.pause();
			try (RotatingServer server = new RotatingServer(kind, own, this.directory,
					"kubelet.cert.startup.mode=background", "kubelet.cert.additional.client.startup.mode=background",
					"kubelet.cert.ssl.trust-config-map=kube-root-ca.crt", "server.ssl.client-auth=need")) {
				own.resume();
				Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
					try (Connection connection = new Connection(Connection.context(own, client), server.port(), null)) {
						return connection.get().equals(client.leaf().getSerialNumber().toString(16));
					}
				});
			}
		}
	}

}
