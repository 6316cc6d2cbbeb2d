package io.kubelet.cert.faults;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.CertManager;
import io.kubelet.cert.test.Faults;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.ShopFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for an application with an API server that fails: the old certificate serves, the
 * status tells the truth, the requests are few, and the rotation happens once it can.
 *
 * @see io.kubelet.cert.kubernetes.internal.signing.CsrExchange
 */
class ApiServerFaultTests extends ShopFixture {

	private static final String OVER_QUOTA = "certificaterequests.cert-manager.io \"shop\" is forbidden: exceeded "
			+ "quota: few, requested: count/certificaterequests.cert-manager.io=1, "
			+ "used: count/certificaterequests.cert-manager.io=5";

	/** The object is found again by its name. */
	@ParameterizedTest
	@MethodSource
	void answerIsLostAfterTheObjectWasStored(Consumer<Faults.Injection> fault) {
		fault.accept(this.plane.faults().next(2, RecordedRequest::isCreate));
		startWithFiles("rotation.retry.initial-delay=50ms");
		assertThat(creates()).isEqualTo(3);
		assertThat(this.plane.certificateSigningRequests()).hasSize(1);
	}

	static Stream<Consumer<Faults.Injection>> answerIsLostAfterTheObjectWasStored() {
		return Stream.of(Faults.Injection::cutAfter, (next) -> next.answerAfter(500), (next) -> next.answerAfter(504));
	}

	/** Other requests end, and make room. */
	@Test
	void quotaThatIsExceededDoesNotEndTheStart() {
		this.plane.certManager().issuer("shop", "internal");
		this.plane.faults().next(2, RecordedRequest::isCreate).refuse(OVER_QUOTA);
		ConfigurableApplicationContext application = startWithFiles("signer-name=", "issuer.name=internal",
				"rotation.retry.initial-delay=50ms");
		assertThat(creates()).isEqualTo(3);
		assertThat(status(application).rotations().failures()).isEqualTo(Map.of(Kind.OVER_QUOTA, 2L));
	}

	/** Admission control comes before the look whether there is such an object. */
	@Test
	void objectThatExistsAlreadyIsFoundAlthoughAQuotaIsExceeded() {
		this.plane.certManager().issuer("shop", "internal");
		this.plane.faults().next(1, RecordedRequest::isCreate).cutAfter();
		this.plane.faults().next(1000, RecordedRequest::isCreate).refuse(OVER_QUOTA);
		ConfigurableApplicationContext application = startWithFiles("signer-name=", "issuer.name=internal",
				"rotation.retry.initial-delay=50ms", "startup.timeout=10s");
		assertThat(creates()).isEqualTo(2);
		assertThat(status(application).rotations().failures()).isEqualTo(Map.of(Kind.UNAVAILABLE, 1L));
	}

	/** A proxy may hold back the events of a watch until it ends. */
	@Test
	void answerThatAWatchDoesNotBringIsFoundBeforeTheStartOrAnAttemptGivesUp() {
		this.plane.faults().next(2, RecordedRequest::isWatch).silence();
		ConfigurableApplicationContext application = startWithFiles("startup.timeout=8s", "rotation.wait-timeout=12s");
		assertThat(this.plane.count(RecordedRequest::isList)).isOne();
		manager(application).rotate();
		await().until(() -> status(application).rotations().count() == 2);
		assertThat(status(application).rotations().failures()).isEmpty();
		assertThat(this.plane.count(RecordedRequest::isList)).isEqualTo(2);
		assertThat(creates()).isEqualTo(2);
	}

	@Test
	void answerThatAWatchDoesNotBringIsFoundBeforeTheCertificateExpires() {
		this.plane.behavior().certificateLifetime(Duration.ofSeconds(24));
		ConfigurableApplicationContext application = startWithFiles();
		CertificatePair old = manager(application).current().orElseThrow();
		this.plane.faults().next(1, RecordedRequest::isWatch).silence();
		manager(application).rotate();
		await().until(() -> status(application).rotations().count() == 2);
		assertThat(old.isValid(Instant.now())).isTrue();
	}

	@Test
	void requestThatIsPendingWhileTheServerIsDownIsOutOfReachAndThenResumed() {
		this.configuration = HastyApplication.class;
		ConfigurableApplicationContext application = startWithFiles("rotation.wait-timeout=8s");
		CertificatePair old = rotatePending(application);
		stopServer(application, old);
		await().until(() -> status(application).lastFailure() != null);
		CertificateStatus.Failure failure = Objects.requireNonNull(status(application).lastFailure());
		assertThat(failure.reason()).isEqualTo("Unreachable");
		assertThat(failure.message()).contains(" was not answered within 8s: The API server at " + this.plane.url(),
				" cannot be reached: ", "; the next attempt waits for the same request");
		assertThat(manager(application).current()).contains(old);
		this.plane.resume();
		awaitRotation(application);
		assertThat(this.plane.certificateSigningRequests()).hasSize(2);
	}

	/** Nothing is lost, and no request remains. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestToCertManagerIsPendingWhileTheServerIsDown(boolean issuedMeanwhile) {
		CertManager certManager = this.plane.certManager().issuer("shop", "internal");
		ConfigurableApplicationContext application = startWithFiles("signer-name=", "issuer.name=internal");
		stopServer(application, rotatePending(application));
		if (issuedMeanwhile) {
			this.plane.behavior().approval(ApprovalPolicy.approving());
			await().until(() -> certManager.pendingCertificateRequests().isEmpty());
		}
		this.plane.resume();
		awaitRotation(application);
		assertThat(creates()).isEqualTo(2);
		await().untilAsserted(() -> assertThat(certManager.certificateRequests()).isEmpty());
	}

	private void stopServer(ConfigurableApplicationContext application, CertificatePair old) {
		this.plane.pause();
		await().until(() -> Boolean.FALSE.equals(status(application).health().serverHealthy()));
		assertThat(manager(application).current()).contains(old);
		assertThat(status(application).state()).isEqualTo(CertificateStatus.State.ROTATING);
	}

	/** Waits for the rotation, and checks that nothing of the fault is left. */
	private void awaitRotation(ConfigurableApplicationContext application) {
		this.plane.behavior().approval(ApprovalPolicy.approving());
		await().until(() -> status(application).rotations().count() == 2);
		assertThat(status(application)).returns(CertificateStatus.State.VALID, CertificateStatus::state)
			.returns(null, CertificateStatus::lastFailure)
			.returns(null, CertificateStatus::pendingRequest);
		assertThat(status(application).health().serverHealthy()).isTrue();
	}

}
