package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationThrottledException;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Rotations that callers request cause no storm of requests.
 */
class ForcedRotationTests {

	private static final Duration INTERVAL = Duration.ofSeconds(10);

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void callersJoinTheRotationThatIsInProgress() {
		CertificateManager manager = start();
		this.fixture.signer.holds();
		List<CompletableFuture<CertificatePair>> callers = Stream.generate(manager::rotate).limit(100).toList();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.requests).hasSize(2);
		this.fixture.signer.answers.get(1).complete(this.fixture.signer.issue(this.fixture.signer.requests.get(1)));
		this.fixture.time.settle();
		CertificatePair rotated = manager.current().orElseThrow();
		assertThat(callers).allSatisfy((caller) -> assertThat(caller).isCompletedWithValue(rotated));
		assertThat(manager.status().rotations().count()).isEqualTo(2);
	}

	@Test
	void statusSaysSoAtOnceAndUntilItEnds() {
		CertificateManager manager = start();
		this.fixture.signer.holds();
		manager.rotate();
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
		this.fixture.time.settle();
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
		this.fixture.signer.answers.get(1).complete(this.fixture.signer.issue(this.fixture.signer.requests.get(1)));
		this.fixture.time.settle();
		assertThat(manager.status().state()).isEqualTo(State.VALID);
	}

	@Test
	void secondRotationWithinTheIntervalIsRefusedWithTheTimeToRetry() {
		CertificateManager manager = start();
		manager.rotate();
		this.fixture.time.pass(INTERVAL.minusMillis(1));
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> manager.rotate().get())
			.withCauseInstanceOf(RotationThrottledException.class)
			.havingCause()
			.withMessage("Certificate 'kubelet-client' is not rotated: a rotation was requested less than 10s ago. "
					+ "Try again at " + ManagerFixture.START.plus(INTERVAL))
			.satisfies((ex) -> assertThat(((RotationThrottledException) ex).retryAt())
				.isEqualTo(ManagerFixture.START.plus(INTERVAL)));
		this.fixture.time.pass(Duration.ofMillis(1));
		manager.rotate();
		this.fixture.time.settle();
		assertThat(manager.status().rotations().count()).isEqualTo(3);
	}

	@Test
	void listenerThatRotatesAtEachRotationIsLimitedToOneInTheInterval() {
		CertificateManager manager = start();
		manager.addListener(new RotationListener() {

			@Override
			public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
				manager.rotate();
			}

		});
		manager.rotate();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(manager.status().rotations().count()).isEqualTo(2);
	}

	@Test
	void pauseThatTheServerAsksForIsHonored() {
		CertificateManager manager = start();
		Duration retryAfter = Duration.ofMinutes(5);
		this.fixture.signer.failsWith(
				(request) -> RequestException.unavailable(request.name(), "TooManyRequests", "busy", retryAfter, null));
		manager.rotate();
		this.fixture.time.pass(INTERVAL.multipliedBy(2));
		int requests = this.fixture.signer.requests.size();
		for (int call = 0; call < 95; call++) {
			assertThat(manager.rotate()).isCompletedExceptionally();
		}
		this.fixture.time.pass(Duration.ofMinutes(4));
		assertThat(this.fixture.signer.requests).hasSize(requests);
		this.fixture.signer.issues();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSize(requests + 1);
		assertThat(manager.status().rotations().count()).isEqualTo(2);
	}

	@Test
	void pauseThatTheServerAskedForEndsWithTheNextSuccess() {
		CertificateManager manager = start();
		this.fixture.signer.failsWith((request) -> RequestException.unavailable(request.name(), "TooManyRequests",
				"busy", Duration.ofMinutes(5), null));
		manager.rotate();
		this.fixture.time.settle();
		this.fixture.signer.issues();
		this.fixture.time.pass(Duration.ofMinutes(5));
		assertThat(manager.rotate()).isNotCompletedExceptionally();
	}

	private CertificateManager start() {
		return this.fixture.start(this.fixture.builder().forcedInterval(INTERVAL).template(ManagerFixture.TEMPLATE));
	}

}
