package io.kubelet.cert;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.ShopAccount;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static io.kubelet.cert.EndToEndClient.served;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two whole applications that share a certificate in a Secret, behind one client.
 *
 * @see io.kubelet.cert.kubernetes.internal.secret.SecretStore
 */
class SharedEndToEndTests {

	private static final int ROTATIONS = 3;

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	@TempDir
	Path directory;

	@Test
	void rotationsOfTwoReplicasUnderLoadAndARolloutWithoutAnApprover() throws Exception {
		this.plane.certManager().clusterIssuer("internal");
		this.plane.allowIn("shop", ShopAccount.NAME, Set.of("create", "get", "list", "watch", "update"), "secrets");
		try (ConfigurableApplicationContext one = run(); ConfigurableApplicationContext two = run()) {
			List<ConfigurableApplicationContext> replicas = List.of(one, two);
			assertThat(served(one)).isEqualTo(served(two));
			this.plane.clearRequests();
			AtomicInteger requests = new AtomicInteger();
			AtomicInteger rotations = new AtomicInteger();
			Load.during(ROTATIONS, () -> served(replicas.get(requests.getAndIncrement() % 2)), () -> {
				String before = served(one);
				replicas.get(rotations.getAndIncrement() % 2)
					.getBean(CertificateManager.class)
					.rotate()
					.get(2, TimeUnit.MINUTES);
				Awaitility.await().until(() -> !served(one).equals(before) && served(one).equals(served(two)));
			});
			assertThat(this.plane.count(RecordedRequest::isCreate)).isEqualTo(ROTATIONS);
			Awaitility.await().until(() -> this.plane.certManager().certificateRequests().isEmpty());
			assertThat(this.plane.secrets().find("shop", "shop-tls").orElseThrow()).containsEntry("ca.crt",
					this.plane.certManager().caPem("internal"));
			this.plane.behavior().approval(ApprovalPolicy.manual());
			try (ConfigurableApplicationContext next = run()) {
				assertThat(served(next)).isEqualTo(served(one));
			}
			assertThat(this.plane.count(RecordedRequest::isCreate)).isEqualTo(ROTATIONS);
		}
	}

	private ConfigurableApplicationContext run() {
		Path kubeconfig = ShopAccount.writeKubeconfig(this.plane, this.directory);
		return new SpringApplicationBuilder(Application.class).run("--server.port=0", "--server.ssl.bundle=shop",
				"--kubelet.cert.pair-name=shop", "--kubelet.cert.store.type=secret",
				"--kubelet.cert.store.secret=shop-tls", "--kubelet.cert.issuer.name=internal",
				"--kubelet.cert.issuer.kind=ClusterIssuer", "--kubelet.cert.template.dns-names=shop.shop.svc",
				"--kubelet.cert.rotation.forced-interval=0s", "--kubelet.cert.kubernetes.kubeconfig=" + kubeconfig);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	static class Application {

	}

}
