package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clocks that are set, and machines that sleep.
 *
 * @see RotatingCertificateManager
 */
class WallClockTests extends ManagerFixture {

	private static final Duration LOOK = ofMinutes(1);

	/** As during a long sleep of the machine. */
	@ParameterizedTest
	@CsvSource({ "P30D, false", "P41D, true" })
	void clockSetForwardMissesNoDeadlineAndNoExpiry(Duration jump, boolean expired) {
		CertificatePair stored = storePair(ofDays(0), ofDays(40));
		CertificateManager manager = start();
		pass(ofHours(1));
		assertThat(this.signer.requests).isEmpty();
		this.time.setClock(jump);
		assertThat(manager.current().isEmpty()).isEqualTo(expired);
		pass(LOOK);
		assertThat(manager.current()).isPresent().get().isNotEqualTo(stored);
		assertThat(this.credentials).containsExactly(expired ? null : stored);
	}

	@ParameterizedTest
	@CsvSource({ "63, 60, 7", "0, -60, 1" })
	void pausePassesWhileAMachineSleepsAndIsNotProlongedByItsClock(int before, int minutes, int requests) {
		this.signer.denies();
		start();
		pass(ofMinutes(before));
		assertThat(this.signer.requests).hasSize(requests);
		this.time.setClock(ofMinutes(minutes));
		pass(LOOK);
		assertThat(this.signer.requests).hasSize(requests + 1);
	}

	@Test
	void clockSetAnHourBackKeepsTheDeadlineOfAValidCertificate() {
		CertificatePair stored = storePair(ofHours(2), ofHours(8));
		CertificateManager manager = start();
		this.time.setClock(ofHours(-1));
		pass(ofHours(6).minusSeconds(1));
		assertThat(this.signer.requests).isEmpty();
		assertThat(manager.current()).contains(stored);
		pass(LOOK);
		assertThat(this.rotations).hasSize(1);
	}

	/** The signer's clock is right, so that its certificates are refused meanwhile. */
	@ParameterizedTest
	@CsvSource({ "960, EXPIRED, it expired at", "-1, NOT_YET_VALID, it is not valid before" })
	void clockSetWrongAndRightAgainKeepsTheCertificate(int hours, State state, String problem) {
		CertificatePair stored = storePair(ofMinutes(5), ofDays(30));
		CertificateManager manager = start();
		this.signer.issues((request) -> List
			.of(this.authority.issue(request.publicKey(), request.template(), stored.notBefore(), stored.notAfter())));
		this.time.setClock(ofHours(hours));
		pass(ofMinutes(10));
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).isEqualTo(state);
		assertThat(manager.status().rotations().history()).extracting((outcome) -> String.valueOf(outcome.trigger()))
			.containsOnly(state.name());
		assertThat(this.failures).isNotEmpty().allSatisfy((failure) -> assertThat(failure.message()).contains(problem));
		int requests = this.signer.requests.size();
		this.time.setClock(ofHours(-hours));
		pass(ofHours(2));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.signer.requests).hasSize(requests);
	}

	/** One wake-up of a thread serves all of them. */
	@Test
	void checksOfCertificatesThatStartedAtDifferentTimesComeTogether() {
		storePair();
		pass(ofMillis(300));
		CertificateManager first = start();
		pass(ofMillis(400));
		CertificateManager second = start();
		CertificatePair replaced = storePair();
		pass(LOOK.minusMillis(701));
		assertThat(List.of(first.current(), second.current())).doesNotContain(Optional.of(replaced));
		pass(ofMillis(1));
		assertThat(List.of(first.current(), second.current())).containsOnly(Optional.of(replaced));
	}

}
