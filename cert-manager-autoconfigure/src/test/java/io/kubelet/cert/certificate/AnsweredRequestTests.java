package io.kubelet.cert.certificate;

import java.security.KeyPair;

import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for which pair answers a {@link PendingRequest}, or is replaced by its answer.
 *
 * @see PendingRequest
 */
class AnsweredRequestTests {

	private final CertificatePair pair = new TestAuthority("one").pair("shop");

	private final CertificatePair other = new TestAuthority("one").pair("shop");

	@Test
	void pairWithTheKeyOfTheRequestAnswersIt() {
		PendingRequest request = request(this.pair, null);
		assertThat(request.hasKey(this.pair.leaf().getPublicKey())).isTrue();
		assertThat(request.hasKey(this.other.leaf().getPublicKey())).isFalse();
		assertThat(request.isAnsweredBy(this.pair)).isTrue();
		assertThat(request.isAnsweredBy(this.other)).isFalse();
		assertThat(request.isAnsweredBy(null)).isFalse();
	}

	@Test
	void requestIsToReplaceThePairWithItsSerialNumberOrNone() {
		PendingRequest first = request(this.other, null);
		assertThat(first.isToReplace(null)).isTrue();
		assertThat(first.isToReplace(this.pair)).isFalse();
		PendingRequest next = request(this.other, this.pair.serialNumber());
		assertThat(next.isToReplace(this.pair)).isTrue();
		assertThat(next.isToReplace(null)).isFalse();
	}

	private static PendingRequest request(CertificatePair keys, @Nullable String replaces) {
		Signer signer = Signer.of("example.com/signer");
		CertificateTemplate template = CertificateTemplate.ofSubject("shop");
		KeyPair pair = new KeyPair(keys.leaf().getPublicKey(), keys.privateKey());
		return new PendingRequest(
				CertificateRequests.create("shop-1", template, signer,
						Usage.defaults(signer, template, pair.getPublic()), null, pair),
				keys.privateKey(), null, replaces);
	}

}
