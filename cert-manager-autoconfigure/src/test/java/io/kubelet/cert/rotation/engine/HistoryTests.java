package io.kubelet.cert.rotation.engine;

import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * What a certificate's status tells of its past.
 *
 * @see io.kubelet.cert.rotation.core.Past
 * @see StatusReport
 */
class HistoryTests extends ManagerFixture {

	@Test
	void certificateHasTheSerialNumberTheRequestAndTheTimeSinceItWasFirstSent() {
		this.signer.holds();
		CertificateManager manager = start();
		pass(ofMinutes(16));
		answer(1);
		String serialNumber = manager.current().orElseThrow().serialNumber();
		assertThat(manager.status().rotations().history())
			.extracting(Outcome::serialNumber, Outcome::requestName, Outcome::duration, Outcome::failure)
			.containsExactly(tuple(serialNumber, request(0).name(), ofMinutes(16), null),
					tuple(null, request(0).name(), ofMinutes(15), this.failures.get(0)));
	}

	@Test
	void onlyTheLastTwentyAreKept() {
		this.signer.isBusy(null);
		CertificateManager manager = start();
		pass(ofHours(1));
		assertThat(this.failures).hasSizeGreaterThan(20);
		assertThat(manager.status().rotations().history()).hasSize(20)
			.first()
			.extracting(Outcome::failure)
			.isEqualTo(manager.status().lastFailure());
	}

	@Test
	void pairThatAnotherProgramStoredHasNeitherTriggerNorDuration() {
		CertificateManager manager = start();
		CertificatePair stored = storePair();
		pass(ofMinutes(10));
		assertThat(manager.status().rotations().history()).first()
			.extracting(Outcome::serialNumber, Outcome::duration, Outcome::trigger, Outcome::failure)
			.containsExactly(stored.serialNumber(), null, null, null);
		assertThat(this.rotations).last().returns(stored, Rotated::current);
	}

	@Test
	void eachOutcomeHasTheTriggerOfItsAttempt() {
		CertificateManager manager = start(dynamic().bootstrapPair(pair(ofHours(1), ofHours(99))));
		pass(ofMinutes(43));
		rotate(manager);
		this.template = TEMPLATE.withDnsNames(List.of("n1.example.com"));
		pass(ofMinutes(1));
		this.signer.holds();
		pass(ofMinutes(75));
		answer(this.signer.requests.size() - 1);
		assertThat(manager.status().rotations().history())
			.extracting((outcome) -> outcome.failure() == null, Outcome::trigger)
			.containsExactly(tuple(true, Trigger.EXPIRED), tuple(false, Trigger.DEADLINE),
					tuple(false, Trigger.DEADLINE), tuple(true, Trigger.TEMPLATE), tuple(true, Trigger.REQUESTED),
					tuple(true, Trigger.DEADLINE), tuple(true, Trigger.FIRST));
	}

}
