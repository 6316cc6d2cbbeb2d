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
class HistoryTests {

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void certificateHasTheSerialNumberTheRequestAndTheTimeSinceItWasFirstSent() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(16));
		this.fixture.answer(1);
		List<Outcome> history = manager.status().rotations().history();
		assertThat(history).hasSize(2);
		assertThat(history.get(0).failure()).isNull();
		assertThat(history.get(0).serialNumber()).isEqualTo(manager.current().orElseThrow().serialNumber());
		assertThat(history.get(0).requestName()).isEqualTo(this.fixture.signer.requests.get(0).name());
		assertThat(history.get(0).duration()).isEqualTo(Duration.ofMinutes(16));
		assertThat(history.get(1).failure()).isEqualTo(this.fixture.failures.get(0));
		assertThat(history.get(1).duration()).isEqualTo(Duration.ofMinutes(15));
		assertThat(history.get(1).requestName()).isEqualTo(history.get(0).requestName());
	}

	@Test
	void onlyTheLastTwentyAreKept() {
		this.fixture.signer.isBusy(null);
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofHours(1));
		assertThat(this.fixture.failures).hasSizeGreaterThan(20);
		assertThat(manager.status().rotations().history()).hasSize(20)
			.first()
			.extracting(Outcome::failure)
			.isEqualTo(manager.status().lastFailure());
	}

	@Test
	void pairThatAnotherProgramStoredHasNoDuration() {
		CertificateManager manager = this.fixture.start();
		this.fixture.store.pair = this.fixture.pair(Duration.ZERO, Duration.ofHours(99));
		this.fixture.time.pass(Duration.ofMinutes(10));
		Outcome adopted = manager.status().rotations().history().get(0);
		assertThat(adopted.serialNumber()).isEqualTo(this.fixture.store.pair.serialNumber());
		assertThat(adopted.duration()).isNull();
		assertThat(adopted.trigger()).isNull();
		assertThat(adopted.failure()).isNull();
	}

	@Test
	void eachOutcomeHasTheTriggerOfItsAttempt() {
		CertificateManager manager = this.fixture.start(this.fixture.dynamic());
		this.fixture.time.pass(Duration.ofMinutes(43));
		manager.rotate();
		this.fixture.time.settle();
		this.fixture.template = ManagerFixture.TEMPLATE.withDnsNames(List.of("n1.example.com"));
		this.fixture.time.pass(Duration.ofMinutes(1));
		this.fixture.signer.holds();
		this.fixture.time.pass(Duration.ofMinutes(75));
		int last = this.fixture.signer.requests.size() - 1;
		this.fixture.answer(last);
		assertThat(manager.status().rotations().history())
			.extracting((outcome) -> outcome.failure() == null, Outcome::trigger)
			.containsExactly(tuple(true, Trigger.EXPIRED), tuple(false, Trigger.DEADLINE),
					tuple(false, Trigger.DEADLINE), tuple(true, Trigger.TEMPLATE), tuple(true, Trigger.REQUESTED),
					tuple(true, Trigger.DEADLINE), tuple(true, Trigger.FIRST));
	}

	@Test
	void bootstrapPairIsReplacedByTheFirstCertificate() {
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().bootstrapPair(this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99))));
		assertThat(manager.status().rotations().history()).extracting(Outcome::trigger).containsExactly(Trigger.FIRST);
	}

	@Test
	void clockThatIsSetBackMakesNoNegativeDuration() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		this.fixture.time.setClock(Duration.ofMinutes(-5));
		this.fixture.answer(0);
		assertThat(manager.status().rotations().history().get(0).duration()).isZero();
	}

}
