package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StoredIssuers}: an application that finds the certificate of another
 * authority in its directory.
 *
 * @see StoredIssuers
 */
@ExtendWith(OutputCaptureExtension.class)
class StoredIssuersTests extends ClusterFixture {

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("system:node:n1", "system:nodes");

	/** Has the name of the cluster's authority, as every kubeadm cluster does. */
	private final TestAuthority other = new TestAuthority("kubernetes");

	private ApplicationContextRunner runner(String... properties) {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory,
					"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory),
					"kubelet.cert.template.common-name=system:node:n1",
					"kubelet.cert.template.organizations=system:nodes")
			.withPropertyValues(properties);
	}

	/** Stores a pair that expires in a hundred days. */
	private CertificatePair store(TestAuthority issuer) {
		Instant now = Instant.now();
		CertificatePair pair = issuer.pair(TEMPLATE, now.minusSeconds(60), now.plus(Duration.ofDays(100)));
		TestStore.files(this.directory, "kubelet-client", null, 5, Clock.systemUTC()).update(pair);
		return pair;
	}

	private Path authority(String pem) throws IOException {
		return Files.writeString(this.directory.resolve("ca.pem"), pem);
	}

	@Test
	void certificateOfAnotherClusterIsUsedUntilItIsReplaced(CapturedOutput output) {
		assertReplaced(store(this.other), "the cluster", output);
		runner().run((context) -> assertThat(context.getBean(CertificateManager.class).status().rotations().count())
			.isZero());
		assertThat(this.controlPlane.count(RecordedRequest::isCreate)).isOne();
	}

	@Test
	void certificateOfAnotherAuthorityThanTheNamedOneIsReplaced(CapturedOutput output) throws Exception {
		this.controlPlane.behavior().sign("example.com/client");
		Path authority = authority(this.controlPlane.caPem());
		assertReplaced(store(this.other), authority.toString(), output, "kubelet.cert.signer-name=example.com/client",
				"kubelet.cert.signer-ca-file=" + authority);
	}

	@Test
	void attemptAcceptsAnAuthorityThatTheFileNamesSinceTheStart() throws Exception {
		this.controlPlane.behavior().sign("example.com/client");
		CertificatePair stored = store(this.other);
		Path file = authority(Pem.write(List.of(this.other.certificate())));
		runner("kubelet.cert.signer-name=example.com/client", "kubelet.cert.signer-ca-file=" + file).run((context) -> {
			CertificateManager manager = context.getBean(CertificateManager.class);
			assertThat(manager.current()).contains(stored);
			authority(this.controlPlane.caPem());
			assertThat(manager.rotate()).succeedsWithin(Duration.ofMinutes(1)).isNotEqualTo(stored);
		});
	}

	private void assertReplaced(CertificatePair stored, String place, CapturedOutput output, String... properties) {
		runner(properties).run((context) -> {
			CertificateManager manager = context.getBean(CertificateManager.class);
			assertThat(manager.current()).isPresent();
			Awaitility.await().until(() -> !manager.current().orElseThrow().equals(stored));
		});
		assertThat(output).contains("WARN", "[kubelet-client] The stored certificate was issued by",
				"not an authority of " + place, "'kubelet.cert.signer-ca-file'");
		assertThat(this.controlPlane.count(RecordedRequest::isCreate)).isOne();
	}

	/** As that of k3s for client certificates. */
	@Test
	void certificateOfASignerThatHasAnAuthorityOfItsOwnIsLeftAlone(CapturedOutput output) throws Exception {
		assertLeftAlone(store(new TestAuthority("k3s-client-ca")), output);
		assertLeftAlone(store(this.other), output, "kubelet.cert.signer-name=example.com/client");
		assertLeftAlone(store(this.other), output,
				"kubelet.cert.signer-ca-file=" + authority(Pem.write(List.of(this.other.certificate()))));
	}

	private void assertLeftAlone(CertificatePair stored, CapturedOutput output, String... properties) {
		runner(properties)
			.run((context) -> assertThat(context.getBean(CertificateManager.class).current()).contains(stored));
		assertThat(output).doesNotContain("was issued by");
		assertThat(this.controlPlane.count(RecordedRequest::isCreate)).isZero();
	}

}
