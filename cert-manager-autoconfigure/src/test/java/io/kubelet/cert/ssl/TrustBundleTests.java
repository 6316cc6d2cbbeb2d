package io.kubelet.cert.ssl;

import java.nio.file.Path;
import java.util.Set;

import io.kubelet.cert.test.EmbeddedControlPlane;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Starts with ClusterTrustBundles that cannot be read.
 */
class TrustBundleTests {

	private static final String BOOTSTRAPPER = "system:bootstrap:abcdef";

	/** Without the permission, the property is right and the role is missing. */
	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					v1 | list | name=nothing | kubelet.cert.ssl.trust-bundle.name | The ClusterTrustBundle nothing cannot be read: \
					it does not exist
					v1 | list | signer-name=example.com/shop | kubelet.cert.ssl.trust-bundle.signer-name | The ClusterTrustBundle \
					of signer example.com/shop cannot be read: it does not exist
					v2 | list | name=shop | kubelet.cert.ssl.trust-bundle.name | the cluster serves ClusterTrustBundle neither as \
					certificates.k8s.io/v1
					v1beta1 | create | name=shop | The ClusterTrustBundle shop cannot be read: the API server answers 403 | \
					list and watch on clustertrustbundles in API group certificates.k8s.io are needed
					""")
	void startThatFailsNamesThePropertyOrTheRole(String version, String verb, String property, String first,
			String second, @TempDir Path directory) {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().trustBundles(version).start()) {
			plane.allow(BOOTSTRAPPER, Set.of(verb, "watch"), "clustertrustbundles");
			assertThatException()
				.isThrownBy(() -> new RotatingApplication(
						"kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(directory),
						"kubelet.cert.ssl.trust-bundle." + property))
				.havingRootCause()
				.withMessageContaining(first)
				.withMessageContaining(second)
				.satisfies((failure) -> assertThat(String.valueOf(failure.getMessage()).contains("kind: ClusterRole"))
					.isEqualTo(verb.equals("create")));
		}
	}

}
