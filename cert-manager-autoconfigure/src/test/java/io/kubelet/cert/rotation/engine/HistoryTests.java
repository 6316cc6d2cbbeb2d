package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * What a certificate's status tells of its past.
 */
class HistoryTests extends ManagerFixture {

	@Test
	void certificateHasTheSerialNumberTheRequestAndTheTimeSinceItWasFirstSent() {
		this.signer.holds();
		CertificateManager manager = start();
		pass(Duration.ofMinutes(16));
		answer(1);
		List<Outcome> history = manager.status().rotations().history();
		assertThat(history).hasSize(2);
		assertThat(history.get(0).failure()).isNull();
		assertThat(history.get(0).serialNumber()).isEqualTo(manager.current().orElseThrow().serialNumber());
		assertThat(history.get(0).requestName()).isEqualTo(request(0).name());
		assertThat(history.get(0).duration()).isEqualTo(Duration.ofMinutes(16));
		assertThat(history.get(1).failure()).isEqualTo(this.failures.get(0));
		assertThat(history.get(1).duration()).isEqualTo(Duration.ofMinutes(15));
		assertThat(history.get(1).requestName()).isEqualTo(history.get(0).requestName());
	}

	@Test
	void onlyTheLastTwentyAreKept() {
		this.signer.isBusy(null);
		CertificateManager manager = start();
		pass(Duration.ofHours(1));
		assertThat(this.failures).hasSizeGreaterThan(20);
		assertThat(manager.status().rotations().history()).hasSize(20)
			.first()
			.extracting(Outcome::failure)
			.isEqualTo(manager.status().lastFailure());
	}

	@Test
	void pairThatAnotherProgramStoredHasNoDuration() {
		CertificateManager manager = start();
		storePair(Duration.ZERO, Duration.ofHours(99));
		pass(Duration.ofMinutes(10));
		Outcome adopted = manager.status().rotations().history().get(0);
		assertThat(adopted.serialNumber()).isEqualTo(this.store.pair.serialNumber());
		assertThat(adopted.duration()).isNull();
		assertThat(adopted.trigger()).isNull();
		assertThat(adopted.failure()).isNull();
	}

	@Test
	void eachOutcomeHasTheTriggerOfItsAttempt() {
		CertificateManager manager = start(dynamic());
		pass(Duration.ofMinutes(43));
		rotate(manager);
		this.template = TEMPLATE.withDnsNames(List.of("n1.example.com"));
		pass(Duration.ofMinutes(1));
		this.signer.holds();
		pass(Duration.ofMinutes(75));
		int last = this.signer.requests.size() - 1;
		answer(last);
		assertThat(manager.status().rotations().history())
			.extracting((outcome) -> outcome.failure() == null, Outcome::trigger)
			.containsExactly(tuple(true, Trigger.EXPIRED), tuple(false, Trigger.DEADLINE),
					tuple(false, Trigger.DEADLINE), tuple(true, Trigger.TEMPLATE), tuple(true, Trigger.REQUESTED),
					tuple(true, Trigger.DEADLINE), tuple(true, Trigger.FIRST));
	}

	@Test
	void bootstrapPairIsReplacedByTheFirstCertificate() {
		CertificateManager manager = start(builder().bootstrapPair(pair(Duration.ofHours(1), Duration.ofHours(99))));
		assertThat(manager.status().rotations().history()).extracting(Outcome::trigger).containsExactly(Trigger.FIRST);
	}

	@Test
	void clockThatIsSetBackMakesNoNegativeDuration() {
		this.signer.holds();
		CertificateManager manager = start();
		this.time.setClock(Duration.ofMinutes(-5));
		answer(0);
		assertThat(manager.status().rotations().history().get(0).duration()).isZero();
	}

}
