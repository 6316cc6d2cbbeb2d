package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

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

	private @Nullable CertificateTemplate template = ManagerFixture.TEMPLATE;

	private boolean supplierFails;

	@Test
	void supplierIsNotAskedBeforeTheStart() {
		AtomicInteger asked = new AtomicInteger();
		CertificateManager manager = this.fixture.builder().template(() -> {
			asked.incrementAndGet();
			return Optional.of(ManagerFixture.TEMPLATE);
		}).build();
		manager.rotate();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(asked).hasValue(0);
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
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(() -> Optional.of(ManagerFixture.TEMPLATE)).executor((task) -> {
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
	void changedTemplateIsRequestedWithinASecond() {
		CertificateManager manager = start();
		assertThat(this.fixture.rotations).hasSize(1);
		this.template = CHANGED;
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.rotations).hasSize(2);
		assertThat(CHANGED.isSatisfiedBy(manager.current().orElseThrow().leaf())).isTrue();
		assertThat(manager.status().requested().template()).isEqualTo(CHANGED);
	}

	@Test
	void logSaysOnceWhatTheCertificateDoesNotSay(CapturedOutput output) {
		start();
		this.fixture.signer.holds();
		this.template = CHANGED;
		this.fixture.time.pass(SECOND.multipliedBy(10));
		assertThat(output).containsOnlyOnce("does not match the template and is rotated: organizations lack [");
	}

	@Test
	void changeThatTheCertificateSatisfiesIsNotRequested() {
		this.template = CertificateTemplate.ofSubject("system:node:n1", "system:nodes", "others");
		start();
		this.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void changeWhileARequestIsInFlightCancelsItAndRequestsAnew() {
		this.fixture.signer.holds();
		CertificateManager manager = start();
		this.template = CHANGED;
		this.fixture.time.pass(SECOND);
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
	void requestThatAlreadyCarriesTheTemplateGoesOn() {
		this.fixture.signer.holds();
		start();
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(this.fixture.signer.answers.get(0)).isNotDone();
	}

	@Test
	void requestInFlightGoesOnIfTheCurrentCertificateSatisfiesTheNewTemplate() {
		this.fixture.store.pair = this.fixture.authority.pair(CHANGED, ManagerFixture.START,
				ManagerFixture.START.plus(Duration.ofHours(10)));
		this.fixture.signer.holds();
		start();
		assertThat(this.fixture.signer.requests).hasSize(1);
		this.template = CHANGED;
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.signer.answers.get(0)).isNotDone();
	}

	@Test
	void answerThatComesAfterTheChangeWasNoticedIsNotUsed() {
		this.fixture.signer.holds();
		CertificateManager manager = start();
		var late = this.fixture.signer.issue(this.fixture.signer.requests.get(0));
		this.template = CHANGED;
		this.fixture.time.pass(SECOND);
		this.fixture.signer.answers.get(0).complete(late);
		this.fixture.time.settle();
		assertThat(manager.current()).isEmpty();
		assertThat(this.fixture.rotations).isEmpty();
	}

	@Test
	void answerThatComesWithTheChangeIsUsedAndTheChangeRequestedNext() {
		this.fixture.signer.holds();
		CertificateManager manager = start();
		this.template = CHANGED;
		this.fixture.signer.answers.get(0).complete(this.fixture.signer.issue(this.fixture.signer.requests.get(0)));
		this.fixture.time.settle();
		assertThat(this.fixture.rotations).hasSize(1);
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.signer.requests).hasSize(2)
			.last()
			.satisfies((request) -> assertThat(request.template()).isEqualTo(CHANGED));
		assertThat(manager.current()).isPresent();
	}

	@Test
	void withoutTemplateNothingIsRequestedAndNothingFails() {
		this.template = null;
		CertificateManager manager = start();
		this.fixture.time.pass(Duration.ofHours(1));
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(this.fixture.failures).isEmpty();
		this.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(SECOND);
		assertThat(manager.current()).isPresent();
	}

	@Test
	void templateThatDisappearsAndReturnsLeavesTheCertificateAndTheRequestInPlace() {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(99), Duration.ofHours(1));
		this.fixture.store.pair = stored;
		this.fixture.signer.holds();
		CertificateManager manager = start();
		this.template = null;
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(manager.current()).contains(stored);
		assertThat(this.fixture.signer.answers.get(0)).isNotDone();
		this.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void supplierThatThrowsStopsNothingAndIsAskedAgain() {
		this.supplierFails = true;
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = start();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(manager.current()).contains(stored);
		assertThat(this.fixture.signer.requests).isEmpty();
		this.supplierFails = false;
		this.template = CHANGED;
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.rotations).hasSize(1);
		assertThat(this.fixture.failures).isEmpty();
	}

	@Test
	void supplierThatThrowsWhileARequestIsInFlightDoesNotCancelIt() {
		this.fixture.signer.holds();
		CertificateManager manager = start();
		this.supplierFails = true;
		this.fixture.time.pass(Duration.ofMinutes(1));
		this.fixture.signer.answers.get(0).complete(this.fixture.signer.issue(this.fixture.signer.requests.get(0)));
		this.fixture.time.settle();
		assertThat(manager.current()).isPresent();
	}

	@Test
	void onlyASupplierIsAskedEachSecond() {
		int[] asked = new int[1];
		this.fixture.storePair();
		this.fixture.start(this.fixture.builder().template(() -> {
			asked[0]++;
			return Optional.of(ManagerFixture.TEMPLATE);
		}));
		int before = asked[0];
		this.fixture.time.pass(Duration.ofSeconds(10));
		assertThat(asked[0] - before).isEqualTo(10);
	}

	@Test
	void supplierThatSignalsItsChangesIsAskedOnceAMinuteAndAtEachSignal() {
		int[] asked = new int[1];
		AtomicReference<Runnable> signal = new AtomicReference<>(() -> {
		});
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(new CertificateTemplateSupplier() {

				@Override
				public Optional<CertificateTemplate> get() {
					asked[0]++;
					return Optional.ofNullable(DynamicTemplateTests.this.template);
				}

				@Override
				public boolean onChange(Runnable changed) {
					signal.set(changed);
					return true;
				}

			}));
		this.fixture.time.pass(SECOND.multipliedBy(5));
		int before = asked[0];
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(asked[0] - before).isEqualTo(10);
		this.template = CHANGED;
		signal.get().run();
		this.fixture.time.settle();
		assertThat(manager.status().requested().template()).isEqualTo(CHANGED);
		assertThat(manager.status().rotations().count()).isEqualTo(2);
	}

	@Test
	void signerThatCannotSatisfyTheTemplateCausesNoStorm() {
		start();
		this.fixture.signer.issues((request) -> List.of(this.fixture.authority.issue(request.publicKey(),
				ManagerFixture.TEMPLATE, ManagerFixture.START, ManagerFixture.START.plus(Duration.ofHours(9)))));
		this.template = CHANGED;
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSizeLessThanOrEqualTo(3);
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
	void templateThatHasSettledIsRequestedAtOnceWhenItChanges() {
		start();
		for (int change = 0; change < 3; change++) {
			this.template = CertificateTemplate.ofSubject("system:node:n1", "group-" + change);
			int requests = this.fixture.signer.requests.size();
			this.fixture.time.pass(SECOND);
			assertThat(this.fixture.signer.requests).hasSize(requests + 1);
			this.fixture.time.pass(Duration.ofSeconds(33));
		}
	}

	@Test
	void rotationThatIsAskedForWaitsForNoTemplateToSettle() {
		CertificateManager manager = start();
		this.template = CHANGED;
		this.fixture.time.pass(SECOND);
		this.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(SECOND);
		assertThat(this.fixture.signer.requests).hasSize(2);
		manager.rotate();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.requests).hasSize(3);
	}

	private CertificateManager start() {
		return this.fixture.start(this.fixture.builder().template(() -> {
			if (this.supplierFails) {
				throw new IllegalStateException("no address yet");
			}
			return Optional.ofNullable(this.template);
		}));
	}

}
