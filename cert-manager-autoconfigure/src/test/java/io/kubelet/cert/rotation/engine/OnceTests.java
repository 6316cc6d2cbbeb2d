package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
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
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).once());
		CertificatePair pair = manager.current().orElseThrow();
		assertThat(manager.status().state()).isEqualTo(CertificateStatus.State.STATIC);
		assertThat(manager.status().schedule().deadline()).isNull();
		this.fixture.time.pass(Duration.ofMinutes(59));
		assertThat(manager.current()).contains(pair);
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void certificateThatHasExpiredIsRequestedAnew() {
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).once());
		this.fixture.time.pass(Duration.ofMinutes(61));
		assertThat(manager.current()).isPresent();
		assertThat(this.fixture.signer.requests).hasSize(2);
	}

	@Test
	void storedCertificateIsUsedAsItIsWhateverTheTemplateSays() {
		CertificatePair stored = this.fixture.storePair();
		AtomicReference<CertificateTemplate> template = new AtomicReference<>(ManagerFixture.TEMPLATE);
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(() -> Optional.of(template.get())).once());
		template.set(CertificateTemplate.ofSubject("another"));
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(manager.current()).contains(stored);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void logSaysWhoHasToReplaceTheCertificate(CapturedOutput output) {
		this.fixture.storePair();
		List<String> told = new ArrayList<>();
		CertificateManagerBuilder builder = this.fixture.withoutSigner();
		CertificateManager manager = this.fixture.start(builder.listener(new RotationListener() {

			@Override
			public void overdue(String name, CertificatePair current) {
				told.add("overdue");
			}

			@Override
			public void expired(String name, CertificatePair expired) {
				told.add("expired");
			}

		}));
		this.fixture.time.pass(Duration.ofHours(88));
		assertThat(told).isEmpty();
		this.fixture.time.pass(Duration.ofHours(12));
		assertThat(told).containsExactly("overdue", "expired");
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
		this.fixture.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).once());
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void rotationOnDemandIsMade() {
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).once());
		var rotated = manager.rotate();
		this.fixture.time.settle();
		assertThat(rotated).isCompletedWithValueMatching((pair) -> !pair.equals(stored));
	}

}
