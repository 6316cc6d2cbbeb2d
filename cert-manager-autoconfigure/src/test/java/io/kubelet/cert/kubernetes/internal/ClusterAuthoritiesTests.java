package io.kubelet.cert.kubernetes.internal;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

import javax.net.ssl.SSLException;

import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AuthenticationV1Api;
import io.kubernetes.client.openapi.models.V1SelfSubjectReview;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A client of a server whose authority becomes another one.
 */
@ExtendWith(OutputCaptureExtension.class)
class ClusterAuthoritiesTests {

	@TempDir
	Path directory;

	private Path kubeconfig;

	private int port;

	private ApiClient client;

	@BeforeEach
	void connect() throws ApiException {
		try (EmbeddedControlPlane before = EmbeddedControlPlane.start()) {
			this.kubeconfig = before.writeKubeconfig(this.directory);
			this.port = URI.create(before.url()).getPort();
			this.client = TestClients.create(this.kubeconfig);
			whoAmI();
		}
	}

	@Test
	void authorityThatTheKubeconfigNamesByNowIsTrusted() throws Exception {
		try (EmbeddedControlPlane after = EmbeddedControlPlane.builder().port(this.port).start()) {
			assertUntrusted();
			after.writeKubeconfig(this.directory);
			whoAmI();
		}
	}

	@Test
	void authorityIsFollowedInTheFileThatTheKubeconfigNames() throws Exception {
		Path file = this.directory.resolve("ca.crt");
		try (EmbeddedControlPlane before = EmbeddedControlPlane.builder().port(this.port).start();
				EmbeddedControlPlane other = EmbeddedControlPlane.start()) {
			Files.writeString(file, other.caPem());
			String whole = Files.readString(before.writeKubeconfig(this.directory));
			Files.writeString(this.kubeconfig,
					whole.replaceAll("certificate-authority-data: .*", "certificate-authority: ca.crt"));
			this.client = TestClients.create(this.kubeconfig);
			assertUntrusted();
			Files.writeString(file, before.caPem());
			whoAmI();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "not: [YAML", "nothing", "clusters: []" })
	void kubeconfigThatSaysNothingMoreOfTheServerChangesNothing(String content) throws Exception {
		try (EmbeddedControlPlane same = EmbeddedControlPlane.builder().port(this.port).start()) {
			same.writeKubeconfig(this.directory);
			this.client = TestClients.create(this.kubeconfig);
			Files.writeString(this.kubeconfig, content);
			whoAmI();
		}
	}

	@Test
	void kubeconfigThatNamesNoAuthorityAnyMoreDoesNotLeadToThoseOfTheJdk(CapturedOutput output) throws Exception {
		try (EmbeddedControlPlane same = EmbeddedControlPlane.builder().port(this.port).start()) {
			String whole = Files.readString(same.writeKubeconfig(this.directory));
			this.client = TestClients.create(this.kubeconfig);
			Files.writeString(this.kubeconfig, whole.replaceAll("certificate-authority-data: .*", ""));
			whoAmI();
			assertThat(output).containsOnlyOnce("no longer names a certificate authority");
		}
		try (EmbeddedControlPlane after = EmbeddedControlPlane.builder().port(this.port).start()) {
			assertUntrusted();
			assertThat(output).containsOnlyOnce("no longer names a certificate authority");
			after.writeKubeconfig(this.directory);
			whoAmI();
			assertThat(output).contains("The certificate authorities in " + this.kubeconfig + " have changed: ");
		}
	}

	/** As by {@code kubectl config use-context}. */
	@Test
	void kubeconfigThatSpeaksOfAnotherServerByNowChangesNothing() throws Exception {
		try (EmbeddedControlPlane same = EmbeddedControlPlane.builder().port(this.port).start();
				EmbeddedControlPlane other = EmbeddedControlPlane.start()) {
			same.writeKubeconfig(this.directory);
			this.client = TestClients.create(this.kubeconfig);
			other.writeKubeconfig(this.directory);
			whoAmI();
		}
	}

	private void assertUntrusted() {
		assertThatExceptionOfType(ApiException.class).isThrownBy(this::whoAmI).withCauseInstanceOf(SSLException.class);
	}

	private void whoAmI() throws ApiException {
		new AuthenticationV1Api(this.client).createSelfSubjectReview(new V1SelfSubjectReview()).execute();
	}

}
