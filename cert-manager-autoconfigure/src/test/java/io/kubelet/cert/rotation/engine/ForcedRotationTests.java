package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.RotationThrottledException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Rotations that callers request cause no storm of requests.
 *
 * @see ForcedRotations
 */
class ForcedRotationTests extends ManagerFixture {

	private static final Duration INTERVAL = ofSeconds(10);

	@Override
	public CertificateManagerBuilder builder() {
		return super.builder().forcedInterval(INTERVAL);
	}

	@Test
	void callersJoinOneRotationThatTheStatusReports() {
		CertificateManager manager = start();
		this.signer.holds();
		List<CompletableFuture<CertificatePair>> callers = Stream.generate(manager::rotate).limit(100).toList();
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
		this.time.settle();
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
		assertThat(this.signer.requests).hasSize(2);
		answer(1);
		CertificatePair rotated = manager.current().orElseThrow();
		assertThat(callers).allSatisfy((caller) -> assertThat(caller).isCompletedWithValue(rotated));
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		pass(ofMinutes(10));
		assertThat(manager.status().rotations().count()).isEqualTo(2);
	}

	@Test
	void secondRotationWithinTheIntervalIsRefusedWithTheTimeToRetry() {
		CertificateManager manager = start();
		manager.addListener(onRotation((current) -> manager.rotate()));
		manager.rotate();
		pass(INTERVAL.minusMillis(1));
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> manager.rotate().get())
			.withCauseInstanceOf(RotationThrottledException.class)
			.havingCause()
			.withMessage("Certificate 'kubelet-client' is not rotated: a rotation was requested less than 10s ago. "
					+ "Try again at " + START.plus(INTERVAL))
			.satisfies((ex) -> assertThat(((RotationThrottledException) ex).retryAt()).isEqualTo(START.plus(INTERVAL)));
		assertThat(manager.status().rotations().count()).isEqualTo(2);
		pass(ofMillis(1));
		rotate(manager);
		assertThat(manager.status().rotations().count()).isEqualTo(3);
	}

	@Test
	void rotationThatIsRequestedWhileAnAnswerIsProcessedNeedsNoOther() {
		AtomicReference<CertificateManager> manager = new AtomicReference<>();
		List<CompletableFuture<CertificatePair>> callers = new ArrayList<>();
		manager.set(builder().check(IssuedCertificateCheck.ofAuthorities(() -> {
			callers.add(manager.get().rotate());
			return List.of(this.authority.certificate());
		})).build());
		manager.get().start();
		this.time.settle();
		assertThat(callers).singleElement().matches(CompletableFuture::isDone);
		assertThat(this.signer.requests).hasSize(1);
	}

	@Test
	void pauseThatTheServerAsksForIsHonoredUnlessACallerRequestsARotation() {
		storePair(ofHours(90), ofHours(10));
		this.signer.isBusy(ofMinutes(50));
		CertificateManager manager = start();
		pass(ofMinutes(49));
		assertThat(this.signer.requests).hasSize(1);
		manager.rotate();
		this.time.settle();
		assertThat(this.signer.requests).hasSize(2);
		for (int call = 0; call < 95; call++) {
			assertThat(manager.rotate()).isCompletedExceptionally();
		}
		pass(ofMinutes(5));
		assertThat(this.signer.requests).hasSize(2);
		this.signer.issues();
		assertThat(rotate(manager)).isCompleted();
		assertThat(manager.status().rotations().count()).isOne();
	}

}
