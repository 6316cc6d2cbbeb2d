package io.kubelet.cert.ssl;

import java.nio.file.Path;
import java.util.Set;

import io.kubelet.cert.test.EmbeddedControlPlane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Starts with ClusterTrustBundles that cannot be read.
 */
class TrustBundleTests {

	private static final String BOOTSTRAPPER = "system:bootstrap:abcdef";

	@TempDir
	Path directory;

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			v1 | name=nothing | The ClusterTrustBundle nothing cannot be read: it does not exist
			v1 | signer-name=example.com/shop | The ClusterTrustBundle of signer example.com/shop cannot \
			be read: it does not exist
			v2 | name=shop | the cluster serves ClusterTrustBundle neither as certificates.k8s.io/v1
			""")
	void startThatFailsNamesThePropertyAndTheRemedy(String version, String property, String message) {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().trustBundles(version).start()) {
			plane.allow(BOOTSTRAPPER, Set.of("list", "watch"), "clustertrustbundles");
			assertThatException()
				.isThrownBy(() -> RotatingServer.withoutServer(plane, this.directory, RotatingServer.Certificates.class,
						"kubelet.cert.ssl.trust-bundle." + property))
				.havingRootCause()
				.withMessageContaining("kubelet.cert.ssl.trust-bundle." + property.substring(0, property.indexOf('=')))
				.withMessageContaining(message);
		}
	}

	/** The property is right: the role is missing. */
	@Test
	void missingPermissionIsReportedWithTheRole() {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().trustBundles("v1beta1").start()) {
			plane.allow(BOOTSTRAPPER, Set.of("create"), "clustertrustbundles");
			assertThatException()
				.isThrownBy(() -> RotatingServer.withoutServer(plane, this.directory, RotatingServer.Certificates.class,
						"kubelet.cert.ssl.trust-bundle.name=shop"))
				.havingRootCause()
				.withMessageStartingWith("The ClusterTrustBundle shop cannot be read: the API server answers 403")
				.withMessageContaining(
						"list and watch on clustertrustbundles in API group certificates.k8s.io are needed")
				.withMessageContaining("kind: ClusterRole");
		}
	}

}
