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
class OnceTests {

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void certificateIsRequestedWhereThereIsNoneAndNotRotated() {
		CertificateManager manager = this.fixture.start(this.fixture.builder().once());
		CertificatePair pair = manager.current().orElseThrow();
		assertThat(manager.status().state()).isEqualTo(CertificateStatus.State.STATIC);
		assertThat(manager.status().schedule().deadline()).isNull();
		this.fixture.time.pass(Duration.ofMinutes(59));
		assertThat(manager.current()).contains(pair);
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void certificateThatHasExpiredIsRequestedAnew() {
		CertificateManager manager = this.fixture.start(this.fixture.builder().once());
		this.fixture.time.pass(Duration.ofMinutes(61));
		assertThat(manager.current()).isPresent();
		assertThat(this.fixture.signer.requests).hasSize(2);
	}

	@Test
	void storedCertificateIsUsedAsItIsWhateverTheTemplateSays() {
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = this.fixture.start(this.fixture.dynamic().once());
		this.fixture.template = CertificateTemplate.ofSubject("another");
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(manager.current()).contains(stored);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void logSaysWhoHasToReplaceTheCertificate(CapturedOutput output) {
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = this.fixture.start(this.fixture.withoutSigner());
		assertThat(output).containsOnlyOnce("; rotation is off");
		this.fixture.time.pass(Duration.ofHours(88));
		assertThat(this.fixture.warnings).isEmpty();
		this.fixture.time.pass(Duration.ofHours(12));
		assertThat(this.fixture.warnings).containsExactly("overdue " + stored.serialNumber(),
				"expired " + stored.serialNumber());
		assertThat(output).contains("Rotation is off: replace the stored pair").doesNotContain("keeps trying");
		manager.stop();
	}

	@Test
	void requestThatWasLeftWhileRotationWasOnIsNotResumed() {
		this.fixture.storePair();
		CertificateManager manager = this.fixture.start();
		this.fixture.signer.holds();
		manager.rotate();
		this.fixture.time.settle();
		manager.stop();
		this.fixture.start(this.fixture.builder().once());
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void rotationOnDemandIsMade() {
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = this.fixture.start(this.fixture.builder().once());
		var rotated = manager.rotate();
		this.fixture.time.settle();
		assertThat(rotated).isCompletedWithValueMatching((pair) -> !pair.equals(stored));
	}

}
