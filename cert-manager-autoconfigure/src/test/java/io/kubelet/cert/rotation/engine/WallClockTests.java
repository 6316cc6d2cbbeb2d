package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clocks that are set, and machines that sleep.
 */
class WallClockTests {

	private static final Duration LOOK = Duration.ofMinutes(1);

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void clockSetAMonthForwardMissesNoDeadline() {
		this.fixture.store.pair = this.fixture.pair(Duration.ZERO, Duration.ofDays(40));
		this.fixture.start();
		this.fixture.time.pass(Duration.ofHours(1));
		assertThat(this.fixture.signer.requests).isEmpty();
		this.fixture.time.setClock(Duration.ofDays(30));
		this.fixture.time.pass(LOOK);
		assertThat(this.fixture.rotations).hasSize(1);
	}

	@Test
	void certificateThatExpiredDuringALongPauseIsRotatedWithinAMinute() {
		CertificatePair stored = this.fixture.pair(Duration.ZERO, Duration.ofHours(10));
		this.fixture.store.pair = stored;
		CertificateManager manager = this.fixture.start();
		this.fixture.time.setClock(Duration.ofHours(11));
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).isEqualTo(State.EXPIRED);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).isPresent().get().isNotEqualTo(stored);
		assertThat(this.fixture.credentials).containsExactly((CertificatePair) null);
	}

	@Test
	void pauseAfterAFailurePassesWhileAMachineSleeps() {
		this.fixture.signer.denies();
		this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(63));
		int before = this.fixture.signer.requests.size();
		this.fixture.time.setClock(Duration.ofHours(1));
		this.fixture.time.pass(LOOK);
		assertThat(this.fixture.signer.requests).hasSize(before + 1);
	}

	@Test
	void clockSetAnHourBackDoesNotProlongAPause() {
		this.fixture.signer.denies();
		this.fixture.start();
		this.fixture.time.setClock(Duration.ofHours(-1));
		this.fixture.time.pass(LOOK);
		assertThat(this.fixture.signer.requests).hasSize(2);
	}

	@Test
	void clockSetAnHourBackNeitherEndsNorProlongsAWait() {
		this.fixture.signer.holds();
		this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(5));
		this.fixture.time.setClock(Duration.ofHours(-1));
		this.fixture.time.pass(Duration.ofMinutes(10).minusMillis(1));
		assertThat(this.fixture.failures).isEmpty();
		assertThat(this.fixture.signer.answers).singleElement().satisfies((answer) -> assertThat(answer).isNotDone());
		// The time since the last look is lost
		this.fixture.time.pass(LOOK.plusMillis(1));
		assertThat(this.fixture.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.cause()).returns(Kind.TIMED_OUT, Kind::of));
		assertThat(this.fixture.signer.requests).extracting((request) -> request.publicKey())
			.containsOnly(this.fixture.signer.requests.get(0).publicKey());
	}

	@Test
	void waitEndsAlsoUnderAClockThatIsSetBackAgainAndAgain() {
		this.fixture.signer.holds();
		this.fixture.start();
		for (int minute = 0; minute < 20; minute++) {
			this.fixture.time.pass(LOOK);
			this.fixture.time.setClock(Duration.ofSeconds(-90));
			this.fixture.time.pass(LOOK);
			this.fixture.time.pass(LOOK);
		}
		assertThat(this.fixture.failures).isNotEmpty();
	}

	@Test
	void clockSetAnHourBackKeepsTheDeadlineOfAValidCertificate() {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(2), Duration.ofHours(8));
		this.fixture.store.pair = stored;
		CertificateManager manager = this.fixture.start();
		this.fixture.time.setClock(Duration.ofHours(-1));
		this.fixture.time.pass(Duration.ofHours(6).minusSeconds(1));
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(manager.current()).contains(stored);
		this.fixture.time.pass(LOOK);
		assertThat(this.fixture.rotations).hasSize(1);
	}

	/** The signer's clock is right, so that its certificates are refused meanwhile. */
	@Test
	void clockSetFortyDaysForwardAndRightAgainKeepsTheCertificate() {
		CertificatePair stored = this.fixture.pair(Duration.ZERO, Duration.ofDays(30));
		this.fixture.store.pair = stored;
		CertificateManager manager = this.fixture.start();
		this.fixture.signer.issues((request) -> List.of(this.fixture.authority.issue(request.publicKey(),
				request.template(), stored.notBefore(), stored.notAfter())));
		this.fixture.time.setClock(Duration.ofDays(40));
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(manager.status().state()).isEqualTo(State.EXPIRED);
		assertThat(this.fixture.failures).isNotEmpty()
			.allSatisfy((failure) -> assertThat(failure.message()).contains("it expired at " + stored.notAfter()));
		int requests = this.fixture.signer.requests.size();
		this.fixture.time.setClock(Duration.ofDays(-40));
		this.fixture.time.pass(Duration.ofHours(2));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.fixture.signer.requests).hasSize(requests);
	}

}
