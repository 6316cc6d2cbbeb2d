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
class WallClockTests extends ManagerFixture {

	private static final Duration LOOK = Duration.ofMinutes(1);

	@Test
	void clockSetAMonthForwardMissesNoDeadline() {
		storePair(Duration.ZERO, Duration.ofDays(40));
		start();
		pass(Duration.ofHours(1));
		assertThat(this.signer.requests).isEmpty();
		this.time.setClock(Duration.ofDays(30));
		pass(LOOK);
		assertThat(this.rotations).hasSize(1);
	}

	@Test
	void certificateThatExpiredDuringALongPauseIsRotatedWithinAMinute() {
		CertificatePair stored = pair(Duration.ZERO, Duration.ofHours(10));
		this.store.pair = stored;
		CertificateManager manager = start();
		this.time.setClock(Duration.ofHours(11));
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).isEqualTo(State.EXPIRED);
		pass(LOOK);
		assertThat(manager.current()).isPresent().get().isNotEqualTo(stored);
		assertThat(this.credentials).containsExactly((CertificatePair) null);
	}

	@Test
	void pauseAfterAFailurePassesWhileAMachineSleeps() {
		this.signer.denies();
		start();
		pass(Duration.ofMinutes(63));
		int before = this.signer.requests.size();
		this.time.setClock(Duration.ofHours(1));
		pass(LOOK);
		assertThat(this.signer.requests).hasSize(before + 1);
	}

	@Test
	void clockSetAnHourBackDoesNotProlongAPause() {
		this.signer.denies();
		start();
		this.time.setClock(Duration.ofHours(-1));
		pass(LOOK);
		assertThat(this.signer.requests).hasSize(2);
	}

	@Test
	void clockSetAnHourBackNeitherEndsNorProlongsAWait() {
		this.signer.holds();
		start();
		pass(Duration.ofMinutes(5));
		this.time.setClock(Duration.ofHours(-1));
		pass(Duration.ofMinutes(10).minusMillis(1));
		assertThat(this.failures).isEmpty();
		assertThat(this.signer.answers).singleElement().satisfies((answer) -> assertThat(answer).isNotDone());
		// The time since the last look is lost
		pass(LOOK.plusMillis(1));
		assertThat(this.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.cause()).returns(Kind.TIMED_OUT, Kind::of));
		assertThat(this.signer.requests).extracting((request) -> request.publicKey())
			.containsOnly(request(0).publicKey());
	}

	@Test
	void waitEndsAlsoUnderAClockThatIsSetBackAgainAndAgain() {
		this.signer.holds();
		start();
		for (int minute = 0; minute < 20; minute++) {
			pass(LOOK);
			this.time.setClock(Duration.ofSeconds(-90));
			pass(LOOK);
			pass(LOOK);
		}
		assertThat(this.failures).isNotEmpty();
	}

	@Test
	void clockSetAnHourBackKeepsTheDeadlineOfAValidCertificate() {
		CertificatePair stored = pair(Duration.ofHours(2), Duration.ofHours(8));
		this.store.pair = stored;
		CertificateManager manager = start();
		this.time.setClock(Duration.ofHours(-1));
		pass(Duration.ofHours(6).minusSeconds(1));
		assertThat(this.signer.requests).isEmpty();
		assertThat(manager.current()).contains(stored);
		pass(LOOK);
		assertThat(this.rotations).hasSize(1);
	}

	/** The signer's clock is right, so that its certificates are refused meanwhile. */
	@Test
	void clockSetFortyDaysForwardAndRightAgainKeepsTheCertificate() {
		CertificatePair stored = pair(Duration.ZERO, Duration.ofDays(30));
		this.store.pair = stored;
		CertificateManager manager = start();
		this.signer.issues((request) -> List
			.of(this.authority.issue(request.publicKey(), request.template(), stored.notBefore(), stored.notAfter())));
		this.time.setClock(Duration.ofDays(40));
		pass(Duration.ofMinutes(10));
		assertThat(manager.status().state()).isEqualTo(State.EXPIRED);
		assertThat(this.failures).isNotEmpty()
			.allSatisfy((failure) -> assertThat(failure.message()).contains("it expired at " + stored.notAfter()));
		int requests = this.signer.requests.size();
		this.time.setClock(Duration.ofDays(-40));
		pass(Duration.ofHours(2));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.signer.requests).hasSize(requests);
	}

}
