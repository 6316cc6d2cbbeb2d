package io.kubelet.cert.rotation.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is reported of a certificate that is not as it should be, when, and how often.
 *
 * @see io.kubelet.cert.rotation.core.Notices
 * @see NoticeLog
 * @see io.kubelet.cert.rotation.core.DueNotices
 */
class WarningTests extends ManagerFixture {

	@Test
	void requestThatWaitsIsReportedBeforeTheCertificateIsInDanger(CapturedOutput output) {
		storePair(ofSeconds(0), ofSeconds(100));
		this.signer.holds();
		CertificateManager manager = start();
		pass(ofSeconds(70));
		String name = request(0).name();
		assertThat(output).doesNotContain("is waiting for approval");
		pass(ofSeconds(1));
		assertThat(output).containsOnlyOnce("Request " + name
				+ " to signer kubernetes.io/kube-apiserver-client-kubelet, created 1s ago, is waiting for approval");
		pass(ofMillis(6499));
		assertThat(output).doesNotContain("has been waiting");
		pass(ofMillis(1));
		assertThat(output)
			.containsOnlyOnce("has been waiting for 8s, and the certificate is valid for only another 23s: "
					+ "see 'kubectl describe csr " + name + "', or approve it with 'kubectl certificate approve " + name
					+ "'");
		pass(ofSeconds(10));
		assertThat(output).containsOnlyOnce("has been waiting");
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
	}

	@Test
	void requestThatWaitedBeforeARestartIsReportedWithAllTheTimeThatItWaited(CapturedOutput output) {
		storePair(ofHours(7), ofHours(3));
		this.signer.holds();
		CertificateManager manager = start();
		pass(ofMinutes(12));
		manager.stop();
		start();
		pass(ofMinutes(42));
		assertThat(output)
			.containsOnlyOnce("has been waiting for 54m, and the certificate is valid for only another 2h 6m");
	}

	/** cert-manager's approver decides at once; a person may approve for a signer. */
	@ParameterizedTest
	@CsvSource({ "ClusterIssuer/internal, false, true", "ClusterIssuer/internal, true, false",
			"example.com/signer, false, false" })
	void requestThatNoApproverHasLookedAtIsReportedAfterHalfAMinute(String signer, boolean approved, boolean reported,
			CapturedOutput output) {
		this.signer.holds();
		this.signer.conditions = approved ? List.of("Approved") : List.of();
		CertificateManager manager = start(builder().signerName(signer));
		pass(ofMillis(29_999));
		assertThat(output).doesNotContain(Signer.Issuer.UNATTENDED);
		pass(ofMillis(1));
		assertThat(output.getOut().contains("has been waiting for 30s: " + Signer.Issuer.UNATTENDED))
			.isEqualTo(reported);
		assertThat(Objects.requireNonNull(manager.status().pendingRequest()).message())
			.isEqualTo(reported ? Signer.Issuer.UNATTENDED : "");
		pass(ofMinutes(20));
		assertThat(output.getOut().split(Pattern.quote(Signer.Issuer.UNATTENDED), -1)).hasSize(reported ? 2 : 1);
	}

	/** A watch may be open and bring nothing. */
	@Test
	void requestIsLookedAtBeforeItIsReportedThatNoApproverHasDone(CapturedOutput output) {
		this.signer.holds();
		CertificateManager manager = start(builder().signerName("ClusterIssuer/internal"));
		this.signer.conditions = List.of("Approved");
		pass(ofMinutes(10));
		assertThat(output).doesNotContain(Signer.Issuer.UNATTENDED);
		assertThat(Objects.requireNonNull(manager.status().pendingRequest()).conditions()).containsExactly("Approved");
	}

	/** Of a signer, for which a person may approve later. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestIsLookedAtOnceAMinuteWithoutAValidCertificate(boolean expires) {
		if (expires) {
			storePair(ofHours(9), ofMinutes(2));
		}
		this.signer.holds();
		CertificateManager manager = start();
		pass(ofMinutes(5));
		this.signer.conditions = List.of("Approved");
		pass(ofMinutes(1));
		assertThat(Objects.requireNonNull(manager.status().pendingRequest()).conditions()).containsExactly("Approved");
	}

	@Test
	void startWithAStoredCertificateSaysWhenItIsRotated(CapturedOutput output) {
		CertificatePair stored = storePair();
		start();
		assertThat(output).contains("Using the stored certificate " + stored.serialNumber()
				+ ", valid until 2026-01-05T03:00:00Z, next rotation 2026-01-03T21:00:00Z");
	}

	@Test
	void expiryIsToldOnceAndThatOfTheNextPairAnew(CapturedOutput output) {
		CertificatePair first = storePair(ofHours(9), ofHours(1));
		unreachable();
		CertificateManager manager = start();
		pass(ofHours(2));
		assertLine(output, "The certificate expired at").contains("The application keeps trying. See 'lastFailure'");
		CertificatePair second = storePair(ofHours(0), ofHours(10));
		pass(ofHours(11));
		assertThat(this.warnings).containsExactly("overdue " + first.serialNumber(), "expired " + first.serialNumber(),
				"overdue " + second.serialNumber(), "expired " + second.serialNumber());
		assertThat(manager.status().health().unavailable()).as("the server is not healthy").isFalse();
	}

	@Test
	void unavailabilityIsReportedOnceForEachCertificateOfAHealthyServer() {
		this.signer.holds();
		this.signer.lifetime = ofMinutes(10);
		CertificateManager manager = start();
		pass(ofMinutes(5));
		rotate(manager);
		assertThat(this.warnings).isEmpty();
		assertThat(manager.status().health().unavailable()).isFalse();
		pass(ofMillis(1));
		assertThat(this.warnings).containsExactly("unavailable");
		assertThat(manager.status().health().unavailable()).isTrue();
		pass(ofMinutes(1));
		answer(0);
		pass(ofMinutes(14));
		assertThat(manager.status().health().unavailable()).isFalse();
		assertThat(this.warnings).filteredOn("unavailable"::equals).hasSize(1);
		pass(ofMinutes(3));
		assertThat(manager.status().health().unavailable()).isTrue();
		assertThat(this.warnings).filteredOn("unavailable"::equals).hasSize(2);
	}

	@Test
	void expiryIsToldOfAlthoughTheTemplateSupplierHangs() {
		CertificatePair pair = storePair(ofHours(9), ofMinutes(1));
		unreachable();
		List<Runnable> calls = new ArrayList<>();
		start(dynamic().executor(calls::add));
		pass(ofMinutes(2));
		calls.forEach(Runnable::run);
		assertThat(this.warnings).containsExactly("overdue " + pair.serialNumber(), "expired " + pair.serialNumber());
	}

	private void unreachable() {
		this.signer.silent();
		this.random = 0.5;
		this.signer.isBusy(null);
	}

}
