package io.kubelet.cert.request;

import java.security.KeyPair;
import java.security.Security;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.util.List;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.testsupport.CountingProvider;
import io.kubelet.cert.testsupport.CountingProvider.Operation;
import org.bouncycastle.operator.ContentSigner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EllipticCurves}.
 *
 * @see EllipticCurves
 */
class EllipticCurvesTests {

	private static final byte[] CONTENT = { 1, 2, 3 };

	@ParameterizedTest
	@ValueSource(ints = { 256, 384, 521 })
	void keysAreOfTheClassesOfTheJdkAndSign(int size) throws Exception {
		KeyPair keys = KeyPairSource.jdk().generate(new KeySpecification(KeySpecification.Algorithm.EC, size));
		assertThat(keys.getPublic().getClass().getName()).startsWith("sun.security.ec.");
		assertThat(keys.getPrivate().getClass().getName()).startsWith("sun.security.ec.");
		assertThat(((ECPublicKey) keys.getPublic()).getParams().getOrder().bitLength()).isEqualTo(size);
		ContentSigner signer = EllipticCurves.signer((ECPrivateKey) keys.getPrivate());
		signer.getOutputStream().write(CONTENT);
		Signature verification = Signature.getInstance("SHA256withECDSA", "SunEC");
		verification.initVerify(keys.getPublic());
		verification.update(CONTENT);
		assertThat(verification.verify(signer.getSignature())).isTrue();
		assertThat(EllipticCurves.isReplaced(Security.getProvider("SunEC"))).isTrue();
	}

	@Test
	void providerThatTheJvmPrefersIsUsed() throws Exception {
		try (CountingProvider preferred = new CountingProvider()) {
			KeyPair keys = KeyPairSource.jdk().generate(new KeySpecification(KeySpecification.Algorithm.EC, 384));
			assertThat(KeySpecification.describe(keys.getPublic())).isEqualTo("EC P-384");
			CertificateRequests.create(null, CertificateTemplate.ofSubject("one"), Signer.of("example.com/signer"),
					List.of(), null, keys);
			assertThat(preferred.take()).containsEntry(Operation.KEY_GENERATION, 1)
				.containsEntry(Operation.SIGNATURE, 1);
		}
	}

}
