package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Templates that change, disappear and return.
 */
@ExtendWith(OutputCaptureExtension.class)
class DynamicTemplateTests {

	private static final Duration SECOND = Duration.ofSeconds(1);

	private static final CertificateTemplate CHANGED = CertificateTemplate.ofSubject("system:node:n1", "changed");

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void supplierIsNotAskedBeforeTheStart() {
		Supplier supplier = new Supplier();
		CertificateManager manager = this.fixture.builder().template(supplier).build();
		manager.rotate();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(supplier.asked).isZero();
		assertThat(manager.status().requested().template()).isNull();
		assertThat(manager.status().health().waitingFor()).isNull();
		manager.start();
		this.fixture.time.settle();
		assertThat(manager.status().requested().template()).isEqualTo(ManagerFixture.TEMPLATE);
		assertThat(manager.current()).isPresent();
	}

	@Test
	void supplierIsAskedLaterIfThereIsNoThreadForIt() {
		AtomicInteger refused = new AtomicInteger();
		CertificateManager manager = this.fixture.start(this.fixture.dynamic().executor((task) -> {
			if (refused.getAndIncrement() == 0) {
				throw new RejectedExecutionException("no thread");
			}
			task.run();
		}));
		assertThat(manager.status().lastFailure()).isNotNull();
		this.fixture.time.pass(Duration.ofMinutes(2));
		assertThat(manager.current()).isPresent();
	}

	@Test
	void changeThatTheCertificateSatisfiesIsNotRequested() {
		this.fixture.template = CertificateTemplate.ofSubject("system:node:n1", "system:nodes", "others");
		this.fixture.start(this.fixture.dynamic());
		this.fixture.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void changedTemplateIsRequestedWithinASecond() {
		CertificateManager manager = this.fixture.start(this.fixture.dynamic());
		for (int change = 1; change <= 3; change++) {
			CertificateTemplate changed = CertificateTemplate.ofSubject("system:node:n1", "group-" + change);
			this.fixture.template = changed;
			this.fixture.time.pass(SECOND);
			assertThat(this.fixture.rotations).hasSize(change + 1);
			assertThat(manager.current().orElseThrow().leaf()).matches(changed::isSatisfiedBy);
			assertThat(manager.status().requested().template()).isEqualTo(changed);
			this.fixture.time.pass(Duration.ofSeconds(33));
		}
	}

	@Test
	void changeWhileARequestIsInFlightCancelsItAndRequestsAnew(CapturedOutput output) {
		this.fixture.store.pair = this.fixture.pair(Duration.ofHours(99), Duration.ofHours(1));
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start(this.fixture.dynamic());
		this.fixture.template = CHANGED;
		this.fixture.time.pass(SECOND);
		assertThat(output).containsOnlyOnce("does not match the template and is rotated: organizations lack [");
		assertThat(this.fixture.signer.answers.get(0)).isCancelled();
		assertThat(this.fixture.signer.requests).hasSize(2)
			.last()
			.satisfies((request) -> assertThat(request.template()).isEqualTo(CHANGED));
		assertThat(this.fixture.failures).isEmpty();
		assertThat(manager.status().pendingRequest()).isNotNull()
			.satisfies((open) -> assertThat(open.name()).isEqualTo(this.fixture.signer.requests.get(1).name()));
		assertThat(this.fixture.store.request).isNotNull()
			.satisfies((pending) -> assertThat(pending.request().template()).isEqualTo(CHANGED));
	}

	@Test
	void requestInFlightGoesOnIfTheCurrentCertificateSatisfiesTheNewTemplate() {
		this.fixture.store.pair = this.fixture.authority.pair(CHANGED, ManagerFixture.START,
				ManagerFixture.START.plus(Duration.ofHours(10)));
		this.fixture.signer.holds();
		this.fixture.start(this.fixture.dynamic());
		assertThat(this.fixture.signer.requests).hasSize(1);
		this.fixture.template = CHANGED;
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.signer.answers.get(0)).isNotDone();
	}

	@Test
	void answerThatComesAfterTheChangeWasNoticedIsNotUsed() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start(this.fixture.dynamic());
		var late = this.fixture.signer.issue(this.fixture.signer.requests.get(0));
		this.fixture.template = CHANGED;
		this.fixture.time.pass(SECOND);
		this.fixture.signer.answers.get(0).complete(late);
		this.fixture.time.settle();
		assertThat(manager.current()).isEmpty();
		assertThat(this.fixture.rotations).isEmpty();
	}

	@Test
	void answerThatComesWithTheChangeIsUsedAndTheChangeRequestedNext() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start(this.fixture.dynamic());
		this.fixture.template = CHANGED;
		this.fixture.answer(0);
		assertThat(this.fixture.rotations).hasSize(1);
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.signer.requests).hasSize(2)
			.last()
			.satisfies((request) -> assertThat(request.template()).isEqualTo(CHANGED));
		assertThat(manager.current()).isPresent();
	}

	@Test
	void templateThatDisappearsAndReturnsLeavesTheCertificateAndTheRequestInPlace() {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(99), Duration.ofHours(1));
		this.fixture.store.pair = stored;
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start(this.fixture.dynamic());
		this.fixture.template = null;
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(manager.current()).contains(stored);
		assertThat(this.fixture.signer.answers.get(0)).isNotDone();
		this.fixture.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	/** A supplier may answer differently each time it is asked. */
	@Test
	void templateThatNeverSettlesIsRequestedAtOneInterval() {
		int[] asked = new int[1];
		this.fixture.start(this.fixture.builder()
			.template(() -> Optional.of(CertificateTemplate.ofSubject("system:node:n1", "group-" + asked[0]++))));
		this.fixture.time.pass(Duration.ofMinutes(1));
		// One at once, the change at once, then each 32 s
		assertThat(this.fixture.signer.requests).hasSize(3);
		this.fixture.time.pass(Duration.ofMinutes(16));
		assertThat(this.fixture.signer.requests).hasSize(33);
	}

	@Test
	void rotationThatIsAskedForWaitsForNoTemplateToSettle() {
		CertificateManager manager = this.fixture.start(this.fixture.dynamic());
		this.fixture.template = CHANGED;
		this.fixture.time.pass(SECOND);
		this.fixture.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.signer.requests).hasSize(2);
		manager.rotate();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.requests).hasSize(3);
	}

	@Test
	void templateThatIsNotKnownYetIsWaitedForInPlainSight(CapturedOutput output) {
		this.fixture.template = null;
		Supplier supplier = new Supplier();
		supplier.waitingFor = "addresses of node n1";
		CertificateManager manager = this.fixture.start(this.fixture.builder().template(supplier));
		this.fixture.time.pass(Duration.ofHours(1));
		assertThat(manager.status().health().waitingFor()).isEqualTo("addresses of node n1");
		assertThat(manager.status().state()).isEqualTo(State.WAITING);
		assertThat(output).containsOnlyOnce("waiting for addresses of node n1");
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(this.fixture.failures).isEmpty();
		this.fixture.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(manager.status().health().waitingFor()).isNull();
		assertThat(manager.current()).isPresent();
	}

	@Test
	void supplierThatThrowsStopsNothingAndIsAskedAgain(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(99), Duration.ofHours(1));
		this.fixture.store.pair = stored;
		this.fixture.signer.holds();
		Supplier supplier = new Supplier();
		CertificateManager manager = this.fixture.start(this.fixture.builder().template(supplier));
		for (int outage = 1; outage <= 2; outage++) {
			supplier.waitingFor = "addresses of node n1";
			supplier.fails = true;
			this.fixture.time.pass(Duration.ofMinutes(1));
			assertThat(manager.current()).contains(stored);
			assertThat(manager.status().health().waitingFor()).isNull();
			assertThat(output.getOut().split("The template supplier failed", -1)).hasSize(outage + 1);
			supplier.fails = false;
			this.fixture.time.pass(SECOND);
		}
		this.fixture.answer(0);
		assertThat(manager.current()).isPresent().get().isNotEqualTo(stored);
		this.fixture.template = CHANGED;
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.signer.requests).hasSize(2);
		assertThat(this.fixture.failures).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "false, 10s", "true, 10m" })
	void supplierIsAskedEachSecondOrOnceAMinuteAndAtEachSignalIfItSignalsItsChanges(boolean signals, String tenPauses) {
		Supplier supplier = new Supplier();
		supplier.signals = signals;
		CertificateManager manager = this.fixture.start(this.fixture.builder().template(supplier));
		this.fixture.time.pass(SECOND.multipliedBy(5));
		int before = supplier.asked;
		this.fixture.time.pass(DurationStyle.detectAndParse(tenPauses));
		assertThat(supplier.asked - before).isEqualTo(10);
		this.fixture.template = CHANGED;
		if (signals) {
			supplier.changed.run();
			this.fixture.time.settle();
		}
		else {
			this.fixture.time.pass(SECOND);
		}
		assertThat(manager.status().requested().template()).isEqualTo(CHANGED);
		assertThat(manager.status().rotations().count()).isEqualTo(2);
	}

	private final class Supplier implements CertificateTemplateSupplier {

		private int asked;

		private boolean fails;

		private @Nullable String waitingFor;

		private boolean signals;

		private Runnable changed = () -> {
		};

		@Override
		public Optional<CertificateTemplate> get() {
			this.asked++;
			if (this.fails) {
				throw new NoClassDefFoundError("a class of another version");
			}
			return Optional.ofNullable(DynamicTemplateTests.this.fixture.template);
		}

		@Override
		public Optional<String> waitingFor() {
			return Optional.ofNullable(this.waitingFor);
		}

		@Override
		public boolean onChange(Runnable changed) {
			this.changed = changed;
			return this.signals;
		}

	}

}
