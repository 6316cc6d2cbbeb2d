package io.kubelet.cert.faults;

import java.time.Duration;

import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.CertManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the engine with an issuer of cert-manager when something goes wrong: the
 * rotation happens nevertheless, and no CertificateRequest is left behind.
 */
class CertManagerFaultTests extends RotatingProgramTest {

	@BeforeEach
	void useCertManager() {
		this.program.useCertManager();
	}

	private CertManager certManager() {
		return this.program.controlPlane.certManager();
	}

	@Test
	void requestWhoseCertificateHadExpiredBeforeItWasReadIsDeleted() {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start(this.program.storeOld(this.directory),
				(builder) -> builder.requestedLifetime(Duration.ofHours(1)));
		await().until(() -> certManager().pendingCertificateRequests().size() == 1);
		this.program.stop();
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		await().until(() -> certManager().pendingCertificateRequests().isEmpty());
		this.program.clock.set(Duration.ofHours(2));
		this.program.start(this.program.store(this.directory),
				(builder) -> builder.requestedLifetime(Duration.ofHours(1)));
		this.program.awaitRotation();
		assertThat(this.program.creates()).isEqualTo(3);
		awaitNothingLeft();
	}

	private void awaitNothingLeft() {
		await().untilAsserted(() -> assertThat(certManager().certificateRequests()).isEmpty());
	}

}
