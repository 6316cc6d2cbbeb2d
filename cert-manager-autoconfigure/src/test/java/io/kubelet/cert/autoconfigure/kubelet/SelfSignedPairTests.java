package io.kubelet.cert.autoconfigure.kubelet;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SelfSignedPair}, compared with a pair that a kubelet 1.34 created.
 *
 * @see SelfSignedPair
 */
class SelfSignedPairTests {

	private static final Instant CREATED = Instant.ofEpochSecond(1795790509);

	@Test
	void pairIsLikeThatOfAKubelet() throws Exception {
		Path directory = Path.of("src/test/resources/kubelet-self-signed");
		CertificatePair kubelets = Pem.readPair(Files.readString(directory.resolve("kubelet.crt")),
				Files.readString(directory.resolve("kubelet.key")));
		CertificatePair ours = SelfSignedPair.create("handover", CREATED);
		assertThat(ours.chain()).hasSameSizeAs(kubelets.chain()).hasSize(2);
		assertThat(ours.leaf().getSubjectX500Principal()).isEqualTo(kubelets.leaf().getSubjectX500Principal());
		assertThat(ours.lifetime()).isEqualTo(kubelets.lifetime());
		assertThat(ours.notBefore()).isEqualTo(CREATED.minus(Duration.ofHours(1)));
		for (int i = 0; i < 2; i++) {
			X509Certificate our = ours.chain().get(i);
			X509Certificate kubelet = kubelets.chain().get(i);
			assertThat(name(our)).isEqualTo(name(kubelet));
			assertThat(names(our)).isEqualTo(names(kubelet));
			assertThat(our.getKeyUsage()).isEqualTo(kubelet.getKeyUsage());
			assertThat(our.getExtendedKeyUsage()).isEqualTo(kubelet.getExtendedKeyUsage());
			assertThat(our.getBasicConstraints()).isEqualTo(kubelet.getBasicConstraints());
			assertThat(our.getCriticalExtensionOIDs()).isEqualTo(kubelet.getCriticalExtensionOIDs());
			assertThat(our.getNonCriticalExtensionOIDs()).isEqualTo(kubelet.getNonCriticalExtensionOIDs());
			assertThat(our.getSigAlgName()).isEqualTo(kubelet.getSigAlgName());
			assertThat(our.getSerialNumber().signum()).isPositive();
			assertThat(((RSAPublicKey) our.getPublicKey()).getModulus().bitLength()).isEqualTo(2048);
			our.verify(ours.chain().get(1).getPublicKey());
		}
		assertThat(Pem.writePrivateKey(ours)).startsWith("-----BEGIN RSA PRIVATE KEY-----");
	}

	@Test
	void addressIsNoDnsName() throws Exception {
		assertThat(names(SelfSignedPair.create("10.0.0.1", CREATED).leaf())).containsExactly(List.of(7, "10.0.0.1"));
	}

	private static List<List<?>> names(X509Certificate certificate) throws CertificateParsingException {
		return (certificate.getSubjectAlternativeNames() != null)
				? List.copyOf(certificate.getSubjectAlternativeNames()) : List.of();
	}

	/** Without the time of its creation. */
	private static String name(X509Certificate certificate) {
		return certificate.getSubjectX500Principal().getName().replaceAll("@.*", "");
	}

}
