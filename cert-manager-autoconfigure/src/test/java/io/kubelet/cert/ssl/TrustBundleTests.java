package io.kubelet.cert.ssl;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TrustBundles;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Servers that require a client certificate of an authority that is published in
 * ClusterTrustBundles.
 */
class TrustBundleTests {

	private static final String BOOTSTRAPPER = "system:bootstrap:abcdef";

	private static final String VERSION = "v1beta1";

	private final TestAuthority before = new TestAuthority("before");

	private final TestAuthority after = new TestAuthority("after");

	private final CertificatePair clientOfBefore = client(this.before);

	private final CertificatePair clientOfAfter = client(this.after);

	@TempDir
	Path directory;

	@Test
	void serverFollowsABundle() throws Exception {
		try (EmbeddedControlPlane plane = plane()) {
			TrustBundles bundles = new TrustBundles(plane, this.directory, VERSION);
			bundles.create("shop", Map.of(), this.before);
			try (RotatingServer server = new RotatingServer(Kind.NETTY, Hasty.class, plane, this.directory,
					"server.ssl.client-auth=need", "kubelet.cert.ssl.trust-overlap=0s",
					"kubelet.cert.ssl.trust-bundle.name=shop")) {
				assertAccepted(plane, server, this.clientOfBefore);
				assertRefused(plane, server, this.clientOfAfter);
				bundles.replace("shop", this.before, this.after);
				assertAccepted(plane, server, this.clientOfAfter);
				assertAccepted(plane, server, this.clientOfBefore);
				bundles.replace("shop", this.after);
				assertRefused(plane, server, this.clientOfBefore);
				assertAccepted(plane, server, this.clientOfAfter);
			}
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			v1 | list,watch | name=nothing | The ClusterTrustBundle nothing cannot be read: it does not exist
			v1 | list,watch | signer-name=example.com/shop | The ClusterTrustBundle of signer example.com/shop cannot \
			be read: it does not exist
			v2 | list,watch | name=shop | the cluster serves ClusterTrustBundle neither as certificates.k8s.io/v1
			""")
	void startThatFailsNamesThePropertyAndTheRemedy(String version, String permission, String property,
			String message) {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().trustBundles(version).start()) {
			plane.allow(BOOTSTRAPPER, Set.of(permission.split(",")), "clustertrustbundles");
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
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().trustBundles(VERSION).start()) {
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

	private static EmbeddedControlPlane plane() {
		EmbeddedControlPlane plane = EmbeddedControlPlane.builder().trustBundles(VERSION).start();
		plane.allow(BOOTSTRAPPER, Set.of("list", "watch"), "clustertrustbundles");
		return plane;
	}

	private static CertificatePair client(TestAuthority authority) {
		return authority.pair(CertificateTemplate.ofSubject("client"), Instant.now().minusSeconds(60),
				Instant.now().plusSeconds(3600));
	}

	private static void assertAccepted(EmbeddedControlPlane plane, RotatingServer server, CertificatePair client) {
		Awaitility.await()
			.ignoreExceptions()
			.untilAsserted(() -> assertThat(get(plane, server, client))
				.isEqualTo(client.leaf().getSerialNumber().toString(16)));
	}

	private static void assertRefused(EmbeddedControlPlane plane, RotatingServer server, CertificatePair client) {
		Awaitility.await()
			.untilAsserted(() -> assertThatExceptionOfType(UncheckedIOException.class)
				.isThrownBy(() -> get(plane, server, client)));
	}

	private static String get(EmbeddedControlPlane plane, RotatingServer server, CertificatePair client) {
		try (Connection connection = new Connection(Connection.context(plane, client), server.port(), null)) {
			return connection.get();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@Import(HastyTrust.class)
	static class Hasty extends RotatingServer.Certificates {

	}

}
