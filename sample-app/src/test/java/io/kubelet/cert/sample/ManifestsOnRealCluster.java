package io.kubelet.cert.sample;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * The manifests on a cluster with cert-manager and its ClusterIssuer {@code internal},
 * with the profile {@code real-cluster}. An administrator ({@code -Dadmin.kubeconfig})
 * applies them; the application runs here, with a token of their service account.
 */
class ManifestsOnRealCluster {

	private static final String KUBERNETES = "src/main/kubernetes/";

	@TempDir
	Path directory;

	private String administrator = "";

	private String base = KUBERNETES + "base";

	private boolean created;

	@BeforeEach
	void createNamespace() throws Exception {
		this.administrator = System.getProperty("admin.kubeconfig", "");
		if (this.administrator.isEmpty()) {
			String reason = "name an administrator with -Dadmin.kubeconfig=FILE";
			LoggerFactory.getLogger(ManifestsOnRealCluster.class).warn("Skipped: {}", reason);
			Assumptions.abort(reason);
		}
		// Fails if there is one, which is then not deleted
		kubectl("create", "--save-config", "-f", KUBERNETES + "base/namespace.yaml");
		this.created = true;
	}

	@AfterEach
	void delete() throws Exception {
		if (this.created) {
			kubectl("delete", "--wait=false", "-k", this.base);
		}
	}

	/** With the policies, if approver-policy is installed. */
	@Test
	void baseIsAppliedAndItsAccountObtainsAndRotatesItsCertificateAndNoOther() throws Exception {
		boolean policies = !kubectl("api-resources", "--api-group=policy.cert-manager.io", "-o", "name").isEmpty();
		if (policies) {
			this.base = ManifestTests.baseWithPolicies(this.directory.resolve("kubernetes")).toString();
		}
		kubectl("apply", "-k", this.base);
		kubectl("apply", "--dry-run=server", "-k", KUBERNETES + "signer");
		kubectl("apply", "--dry-run=server", "-k", KUBERNETES + "mutual-tls");
		try (ConfigurableApplicationContext context = run()) {
			for (CertificateManager manager : context.getBean(CertificateManagers.class)) {
				String first = manager.current().orElseThrow().serialNumber();
				assertThat(manager.rotate().get(2, TimeUnit.MINUTES).serialNumber()).isNotEqualTo(first);
			}
			Awaitility.await()
				.untilAsserted(() -> assertThat(
						kubectl("get", "certificaterequests.cert-manager.io", "-n", "sample-app", "-o", "name"))
					.isEmpty());
		}
		if (policies) {
			assertDenied("--kubelet.cert.template.dns-names=inventory.inventory.svc");
			assertDenied("--kubelet.cert.template.uris=spiffe://example.org/ns/inventory/sa/inventory");
			assertDenied("--kubelet.cert.template.common-name=inventory");
		}
	}

	private void assertDenied(String property) {
		assertThatException().isThrownBy(() -> run(property).close())
			.withStackTraceContaining("was denied: No policy approved this request");
	}

	private ConfigurableApplicationContext run(String... more) throws Exception {
		Stream<String> arguments = Stream.of("--server.port=0",
				"--spring.config.additional-location=" + KUBERNETES + "base/",
				"--kubelet.cert.cert-dir=" + Files.createTempDirectory(this.directory, "pki"),
				"--kubelet.cert.kubernetes.kubeconfig=" + kubeconfigOfTheAccount());
		return SpringApplication.run(SampleApplication.class,
				Stream.concat(arguments, Stream.of(more)).toArray(String[]::new));
	}

	private Path kubeconfigOfTheAccount() throws Exception {
		Path kubeconfig = Files.writeString(this.directory.resolve("kubeconfig"),
				kubectl("config", "view", "--minify", "--flatten"));
		String token = kubectl("create", "token", "sample-app", "-n", "sample-app");
		ManifestTests.kubectl("config", "--kubeconfig", kubeconfig.toString(), "set-credentials", "account",
				"--token=" + token);
		ManifestTests.kubectl("config", "--kubeconfig", kubeconfig.toString(), "set-context", "--current",
				"--user=account", "--namespace=sample-app");
		return kubeconfig;
	}

	private String kubectl(String... arguments) throws Exception {
		return ManifestTests.kubectl(Stream.concat(Stream.of("--kubeconfig", this.administrator), Stream.of(arguments))
			.toArray(String[]::new));
	}

}
