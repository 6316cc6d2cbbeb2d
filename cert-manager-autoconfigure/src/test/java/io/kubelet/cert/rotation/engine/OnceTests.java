package io.kubelet.cert.rotation.engine;

import java.time.Duration;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate that is requested while there is none, and not rotated, as a kubelet
 * bootstraps with rotation off.
 */
@ExtendWith(OutputCaptureExtension.class)
class OnceTests extends ManagerFixture {

	@Test
	void certificateIsRequestedWhereThereIsNoneAndNotRotated() {
		CertificateManager manager = start(builder().once());
		CertificatePair pair = manager.current().orElseThrow();
		assertThat(manager.status().state()).isEqualTo(CertificateStatus.State.STATIC);
		assertThat(manager.status().schedule().deadline()).isNull();
		pass(Duration.ofMinutes(59));
		assertThat(manager.current()).contains(pair);
		assertThat(this.signer.requests).hasSize(1);
	}

	@Test
	void certificateThatHasExpiredIsRequestedAnew() {
		CertificateManager manager = start(builder().once());
		pass(Duration.ofMinutes(61));
		assertThat(manager.current()).isPresent();
		assertThat(this.signer.requests).hasSize(2);
	}

	@Test
	void storedCertificateIsUsedAsItIsWhateverTheTemplateSays() {
		CertificatePair stored = storePair();
		CertificateManager manager = start(dynamic().once());
		this.template = CertificateTemplate.ofSubject("another");
		pass(Duration.ofMinutes(1));
		assertThat(manager.current()).contains(stored);
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void logSaysWhoHasToReplaceTheCertificate(CapturedOutput output) {
		CertificatePair stored = storePair();
		CertificateManager manager = start(withoutSigner());
		assertThat(output).containsOnlyOnce("; rotation is off");
		pass(Duration.ofHours(88));
		assertThat(this.warnings).isEmpty();
		pass(Duration.ofHours(12));
		assertThat(this.warnings).containsExactly("overdue " + stored.serialNumber(),
				"expired " + stored.serialNumber());
		assertThat(output).contains("Rotation is off: replace the stored pair").doesNotContain("keeps trying");
		manager.stop();
	}

	@Test
	void requestThatWasLeftWhileRotationWasOnIsNotResumed() {
		storePair();
		CertificateManager manager = start();
		this.signer.holds();
		rotate(manager);
		manager.stop();
		start(builder().once());
		assertThat(this.signer.requests).hasSize(1);
	}

	@Test
	void rotationOnDemandIsMade() {
		CertificatePair stored = storePair();
		CertificateManager manager = start(builder().once());
		var rotated = rotate(manager);
		assertThat(rotated).isCompletedWithValueMatching((pair) -> !pair.equals(stored));
	}

}
