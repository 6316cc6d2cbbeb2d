package io.kubelet.cert;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.X509KeyManager;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.event.CertificateRotatedEvent;
import io.kubelet.cert.rotation.CertificateManager;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A whole application whose certificate is issued and rotates, seen from outside: by a
 * TLS client, by HTTP, in the file system. It runs on an embedded control plane, or, with
 * the profile {@code real-cluster}, on the cluster of a kubeconfig.
 *
 * @see io.kubelet.cert.rotation.engine.RotatingCertificateManager
 * @see io.kubelet.cert.kubernetes.internal.signing.CertificateSigningRequests
 */
class RotationEndToEndTests {

	@TempDir
	Path directory;

	@Test
	void tlsServerEndpointEventBundleAndFileAgreeAfterEachRotation() throws Exception {
		try (EndToEndCluster cluster = EndToEndCluster.open((embedded) -> embedded.writeKubeconfig(this.directory));
				ConfigurableApplicationContext context = run(cluster.kubeconfig())) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			List<String> events = context.getBean(Application.class).serialNumbers;
			Awaitility.await().untilAsserted(() -> assertThat(events).hasSize(1));
			String first = agreedSerialNumber(context);
			for (int rotation = 1; rotation <= 3; rotation++) {
				String before = agreedSerialNumber(context);
				CertificatePair rotated = manager.rotate().get(2, TimeUnit.MINUTES);
				Awaitility.await()
					.untilAsserted(() -> assertThat(agreedSerialNumber(context)).isEqualTo(rotated.serialNumber())
						.isNotEqualTo(before));
			}
			assertThat(events).hasSize(4).startsWith(first).doesNotHaveDuplicates();
			// What a listener makes from the bundle lasts for a whole period
			assertThat(context.getBean(Application.class).seen).hasSize(4)
				.allSatisfy((seen) -> assertThat(seen).hasSize(1));
			assertThat(manager.status().rotations().count()).isEqualTo(4);
			if (cluster.embedded() != null) {
				// A rotation: one that creates, one that watches
				assertThat(cluster.embedded().requests()).hasSize(8);
				assertThat(cluster.embedded().openCertificateSigningRequests()).isEmpty();
			}
		}
	}

	private ConfigurableApplicationContext run(Path kubeconfig) {
		return new SpringApplicationBuilder(Application.class).run("--server.port=0",
				"--kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
				"--kubelet.cert.kubernetes.kubeconfig=" + kubeconfig,
				"--kubelet.cert.template.common-name=system:node:end-to-end",
				"--kubelet.cert.template.organizations=system:nodes", "--kubelet.cert.rotation.forced-interval=0s",
				"--management.endpoints.web.exposure.include=certificates");
	}

	/** The serial number that everybody sees. */
	private String agreedSerialNumber(ConfigurableApplicationContext context) throws Exception {
		int port = context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
		EndToEndClient peer = EndToEndClient.presenting(null);
		JsonNode endpoint = JsonMapper.shared().readTree(peer.get(port, "/actuator/certificates/kubelet-client"));
		CertificatePair stored = Pem
			.readPair(Files.readString(this.directory.resolve("pki/kubelet-client-current.pem")));
		X509Certificate bundled = (X509Certificate) context.getBean(SslBundles.class)
			.getBundle("kubelet-client")
			.getStores()
			.getKeyStore()
			.getCertificate("kubelet-client");
		List<String> events = context.getBean(Application.class).serialNumbers;
		assertThat(peer.certificate()).isEqualTo(stored.leaf()).isEqualTo(bundled);
		assertThat(endpoint.at("/current/serialNumber").asString()).isEqualTo(stored.serialNumber());
		assertThat(events.get(events.size() - 1)).isEqualTo(stored.serialNumber());
		assertThat(endpoint.at("/state").asString()).isEqualTo("VALID");
		assertThat(endpoint.at("/nextRotationDeadline").asString()).isBetween(stored.notBefore().toString(),
				stored.notAfter().toString());
		assertThat(endpoint.toString()).doesNotContain("PRIVATE");
		return stored.serialNumber();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	@Import(ServerOfNode.class)
	static class Application {

		final List<String> serialNumbers = new CopyOnWriteArrayList<>();

		/** The certificates that a listener finds at each event. */
		final List<Set<Certificate>> seen = new CopyOnWriteArrayList<>();

		private final ApplicationContext context;

		Application(ApplicationContext context) {
			this.context = context;
		}

		@EventListener
		void rotated(CertificateRotatedEvent event) throws Exception {
			SslBundle bundle = this.context.getBean(SslBundles.class).getBundle("kubelet-client");
			EndToEndClient server = EndToEndClient.presenting(null);
			server.get(this.context.getEnvironment().getRequiredProperty("local.server.port", Integer.class),
					"/actuator/certificates");
			X509KeyManager keys = (X509KeyManager) bundle.getManagers().getKeyManagers()[0];
			String alias = keys.chooseClientAlias(new String[] { "EC" }, null, null);
			this.seen.add(Stream
				.of(event.getCertificate(), bundle.getStores().getKeyStore().getCertificate("kubelet-client"),
						keys.getCertificateChain(alias)[0], server.certificate(),
						this.context.getBean(CertificateManager.class).current().orElseThrow().leaf())
				.collect(Collectors.toSet()));
			this.serialNumbers.add(CertificateNames.serialNumber(event.getCertificate()));
		}

	}

}
