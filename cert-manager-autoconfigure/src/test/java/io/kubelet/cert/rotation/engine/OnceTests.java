package io.kubelet.cert.rotation.engine;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate that is requested while there is none, and not rotated, as a kubelet
 * bootstraps with rotation off.
 *
 * @see io.kubelet.cert.rotation.core.Decisions
 */
class OnceTests extends ManagerFixture {

	@Test
	void certificateIsRequestedWhereThereIsNoneAndNotRotatedUntilItHasExpired() {
		CertificateManager manager = start(builder().with((it) -> it.once = true));
		CertificatePair pair = manager.current().orElseThrow();
		assertThat(manager.status().state()).isEqualTo(State.STATIC);
		assertThat(manager.status().schedule().deadline()).isNull();
		pass(ofMinutes(59));
		assertThat(manager.current()).contains(pair);
		assertThat(this.signer.requests).hasSize(1);
		pass(ofMinutes(2));
		assertThat(manager.current()).isPresent();
		assertThat(this.signer.requests).hasSize(2);
	}

	@Test
	void storedCertificateIsUsedWhateverTheTemplateUntilARotationIsRequested() {
		CertificatePair stored = storePair();
		CertificateManager manager = start(dynamic().with((it) -> it.once = true));
		this.template = CertificateTemplate.ofSubject("another");
		pass(ofMinutes(1));
		assertThat(manager.current()).contains(stored);
		assertThat(this.signer.requests).isEmpty();
		assertThat(rotate(manager)).isCompletedWithValueMatching((pair) -> !pair.equals(stored));
	}

	@Test
	void requestThatWasLeftWhileRotationWasOnIsNotResumed() {
		storePair();
		CertificateManager manager = start();
		this.signer.holds();
		rotate(manager);
		manager.stop();
		start(builder().with((it) -> it.once = true));
		assertThat(this.signer.requests).hasSize(1);
	}

}
