package io.kubelet.cert;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TrustBundles;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A server that requires a client certificate of an authority that is published in
 * ClusterTrustBundles, on the same clusters as {@link RotationEndToEndTests}.
 *
 * @see io.kubelet.cert.kubernetes.internal.watch.PublishedAuthorities
 */
@ExtendWith(OutputCaptureExtension.class)
class TrustBundleEndToEndTests {

	private static final String USER = "system:bootstrap:abcdef";

	private final String run = UUID.randomUUID().toString();

	private final TestAuthority before = new TestAuthority("before");

	private final TestAuthority after = new TestAuthority("after");

	private final CertificatePair clientOfBefore = this.before.pair("client");

	private final CertificatePair clientOfAfter = this.after.pair("client");

	@TempDir
	Path directory;

	private EndToEndCluster cluster;

	private TrustBundles bundles;

	@BeforeEach
	void open() throws Exception {
		this.cluster = EndToEndCluster.open((embedded) -> {
			embedded.allow(USER, Set.of("create", "get", "list", "watch", "update", "delete"), "clustertrustbundles");
			return embedded.writeKubeconfig(this.directory);
		});
		this.bundles = new TrustBundles(this.cluster.kubeconfig(), "v1");
		if (!this.bundles.areServed()) {
			this.bundles = new TrustBundles(this.cluster.kubeconfig(), "v1beta1");
		}
		if (!this.bundles.areServed()) {
			EndToEndCluster.skip("the cluster does not serve ClusterTrustBundle");
		}
	}

	@AfterEach
	void close() throws Exception {
		if (this.bundles != null) {
			this.bundles.deleteCreated();
		}
		if (this.cluster != null) {
			this.cluster.close();
		}
	}

	@Test
	void serverFollowsABundleAndItsRemoval(CapturedOutput output) throws Exception {
		String name = "end-to-end-" + this.run;
		this.bundles.create(name, Map.of(), this.before);
		try (ConfigurableApplicationContext context = run("kubelet.cert.ssl.trust-bundle.name=" + name)) {
			assertAccepted(context, this.clientOfBefore);
			assertRefused(context, this.clientOfAfter);
			this.bundles.replace(name, this.after);
			assertAccepted(context, this.clientOfAfter);
			assertRefused(context, this.clientOfBefore);
			this.bundles.delete(name);
			Awaitility.await()
				.untilAsserted(
						() -> assertThat(output).contains(name + " cannot be read: it does not exist any more; the "
								+ "certificate authorities that were read before remain trusted"));
			assertAccepted(context, this.clientOfAfter);
		}
	}

	private ConfigurableApplicationContext run(String... trust) {
		return new SpringApplicationBuilder(Application.class)
			.properties("server.port=0", "server.ssl.client-auth=need",
					"kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.kubernetes.kubeconfig=" + this.cluster.kubeconfig(),
					"kubelet.cert.template.common-name=system:node:end-to-end",
					"kubelet.cert.template.organizations=system:nodes", "kubelet.cert.ssl.trust-overlap=0s",
					"management.endpoints.web.exposure.include=certificates")
			.properties(trust)
			.run();
	}

	private static void assertAccepted(ConfigurableApplicationContext context, CertificatePair client) {
		Awaitility.await()
			.ignoreExceptions()
			.untilAsserted(() -> assertThat(get(context, client)).contains("kubelet-client"));
	}

	private static void assertRefused(ConfigurableApplicationContext context, CertificatePair client) {
		Awaitility.await()
			.untilAsserted(() -> assertThatExceptionOfType(IOException.class).isThrownBy(() -> get(context, client)));
	}

	private static String get(ConfigurableApplicationContext context, CertificatePair client) throws Exception {
		int port = context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
		return EndToEndClient.presenting(client).get(port, "/actuator/certificates");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	@Import({ HastyTrust.class, ServerOfNode.class })
	static class Application {

	}

}
