package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Templates that change, disappear and return.
 *
 * @see Templates
 */
@ExtendWith(OutputCaptureExtension.class)
class DynamicTemplateTests extends ManagerFixture {

	private static final Duration SECOND = ofSeconds(1);

	private static final CertificateTemplate CHANGED = CertificateTemplate.ofSubject("system:node:n1", "changed");

	@Test
	void supplierIsNotAskedBeforeTheStart() {
		Supplier supplier = new Supplier();
		CertificateManager manager = builder().template(supplier).build();
		manager.rotate();
		pass(ofMinutes(1));
		assertThat(supplier.asked).isZero();
		assertThat(manager.status().requested().template()).isNull();
		assertThat(manager.status().health().waitingFor()).isNull();
		manager.start();
		this.time.settle();
		assertThat(manager.status().requested().template()).isEqualTo(TEMPLATE);
		assertThat(manager.current()).isPresent();
	}

	@Test
	void changeWhileARequestIsInFlightCancelsItAndRequestsAnew(CapturedOutput output) {
		CertificatePair stored = storePair(ofHours(99), ofHours(1));
		this.signer.holds();
		CertificateManager manager = start(dynamic());
		List<X509Certificate> late = this.signer.issue(request(0));
		this.template = CHANGED;
		pass(SECOND);
		assertThat(this.signer.answers.get(0)).isCancelled();
		assertThat(this.signer.requests).hasSize(2);
		assertThat(lastRequest().template()).isEqualTo(CHANGED);
		assertThat(this.failures).isEmpty();
		assertThat(manager.status().pendingRequest()).isNotNull().returns(request(1).name(), ConfirmedRequest::name);
		assertThat(this.store.request).isNotNull()
			.satisfies((pending) -> assertThat(pending.request().template()).isEqualTo(CHANGED));
		this.signer.answers.get(0).complete(late);
		pass(ofMinutes(2));
		assertThat(manager.current()).contains(stored);
		assertThat(output).containsOnlyOnce("does not match the template and is rotated: organizations lack [");
	}

	/** As when a node returns to an address that it had before. */
	@Test
	void requestIsGivenUpIfTheCurrentCertificateSatisfiesTheNewTemplate(CapturedOutput output) {
		CertificatePair stored = this.authority.pair(CHANGED, START, START.plus(ofHours(10)));
		this.store.pair = stored;
		this.signer.holds();
		CertificateManager manager = start(dynamic());
		this.template = CHANGED;
		pass(SECOND);
		this.signer.answers.get(0).complete(this.signer.issue(request(0)));
		pass(ofMinutes(5));
		assertThat(manager.current()).contains(stored);
		assertThat(this.signer.requests).hasSize(1);
		assertThat(output).doesNotContain("is waiting for approval and signature");
		assertThat(manager.status().pendingRequest()).isNull();
		this.template = TEMPLATE;
		pass(SECOND);
		assertThat(this.signer.requests).hasSize(2);
		assertThat(lastRequest().name()).isEqualTo(request(0).name());
	}

	@Test
	void requestThatIsNotWantedAnyMoreInAPauseIsNotPending() {
		storePair();
		CertificateManager manager = start(dynamic());
		this.signer.isBusy(ofMinutes(1));
		this.template = CHANGED;
		pass(ofSeconds(2));
		assertThat(manager.status().pendingRequest()).isNotNull();
		this.template = TEMPLATE;
		pass(ofHours(1));
		assertThat(manager.status().lastFailure()).isNull();
		assertThat(manager.status().pendingRequest()).isNull();
	}

	@Test
	void requestAtTheDeadlineIsKeptWhileTheCurrentCertificateSatisfiesTheNewTemplate() {
		CertificateTemplate both = CertificateTemplate.ofSubject("system:node:n1", "a", "b");
		this.store.pair = this.authority.pair(both, START.minus(ofHours(95)), START.plus(ofHours(5)));
		this.template = both;
		this.signer.holds();
		start(dynamic());
		for (int times = 0; times < 5; times++) {
			this.template = CertificateTemplate.ofSubject("system:node:n1", "a");
			pass(ofMinutes(1));
			this.template = both;
			pass(ofMinutes(1));
		}
		assertThat(this.signer.requests).hasSize(1);
	}

	/** The rotation is as overdue as before. */
	@Test
	void failuresAreNotOverBecauseATemplateReturnsAfterTheDeadline() {
		storePair(ofHours(95), ofHours(5));
		this.signer.isBusy(null);
		CertificateManager manager = start(dynamic());
		this.template = CHANGED;
		pass(SECOND);
		this.template = TEMPLATE;
		pass(SECOND);
		assertThat(manager.status().rotations().failingSince()).isEqualTo(START);
	}

	@Test
	void failuresAreOverWhenTheCurrentCertificateSatisfiesTheTemplateAgain() {
		storePair();
		this.signer.isBusy(null);
		CertificateManager manager = start(dynamic());
		this.template = CHANGED;
		pass(SECOND);
		assertThat(manager.status().lastFailure()).isNotNull();
		this.template = TEMPLATE;
		pass(SECOND);
		assertThat(manager.status().lastFailure()).isNull();
		assertThat(manager.status().rotations().failingSince()).isNull();
		this.template = CHANGED;
		pass(ofMinutes(1));
		assertThat(this.failures).extracting(Failure::attempt).startsWith(1, 1);
	}

	@Test
	void answerThatComesWithTheChangeIsUsedAndTheChangeRequestedNext() {
		this.signer.holds();
		CertificateManager manager = start(dynamic());
		this.template = CHANGED;
		answer(0);
		assertThat(this.rotations).hasSize(1);
		pass(SECOND);
		assertThat(this.signer.requests).hasSize(2);
		assertThat(lastRequest().template()).isEqualTo(CHANGED);
		assertThat(manager.current()).isPresent();
	}

	/** It is called in no round, and its signal may come later, or be lost. */
	@Test
	void supplierThatSignalsIsAskedAgainWhenARequestIsAnswered() {
		Supplier supplier = new Supplier();
		supplier.signals = true;
		this.signer.holds();
		start(builder().template(supplier));
		this.template = CHANGED;
		answer(0);
		assertThat(this.signer.requests).extracting(CertificateRequest::template).containsExactly(TEMPLATE, CHANGED);
	}

	@Test
	void templateThatDisappearsAndReturnsLeavesTheCertificateAndTheRequestInPlace() {
		CertificatePair stored = storePair(ofHours(99), ofHours(1));
		this.signer.holds();
		CertificateManager manager = start(dynamic());
		this.template = null;
		pass(ofMinutes(1));
		assertThat(manager.current()).contains(stored);
		assertThat(this.signer.answers.get(0)).isNotDone();
		this.template = TEMPLATE;
		pass(ofMinutes(1));
		assertThat(this.signer.requests).hasSize(1);
	}

	/** A supplier may answer differently each time it is asked. */
	@Test
	void templateThatNeverSettlesIsRequestedAtOneIntervalUnlessARotationIsRequested() {
		int[] asked = new int[1];
		CertificateManager manager = start(builder()
			.template(() -> Optional.of(CertificateTemplate.ofSubject("system:node:n1", "group-" + asked[0]++))));
		pass(ofMinutes(1));
		// One at once, the change at once, then each 32 s
		assertThat(this.signer.requests).hasSize(3);
		pass(ofMinutes(16));
		assertThat(this.signer.requests).hasSize(33);
		rotate(manager);
		assertThat(this.signer.requests).hasSize(34);
	}

	@Test
	void templateThatIsNotKnownYetIsWaitedForInPlainSight(CapturedOutput output) {
		this.template = null;
		Supplier supplier = new Supplier();
		supplier.waitingFor = "addresses of node n1";
		CertificateManager manager = start(builder().template(supplier));
		pass(ofHours(1));
		assertThat(manager.status().health().waitingFor()).isEqualTo("addresses of node n1");
		assertThat(manager.status().state()).isEqualTo(State.WAITING);
		assertThat(output).containsOnlyOnce("waiting for addresses of node n1");
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.failures).isEmpty();
		this.template = TEMPLATE;
		pass(SECOND);
		assertThat(this.signer.requests).hasSize(1);
		assertThat(manager.status().health().waitingFor()).isNull();
		assertThat(manager.current()).isPresent();
	}

	@Test
	void supplierThatThrowsStopsNothingIsReportedAndAskedAgain(CapturedOutput output) {
		CertificatePair stored = storePair(ofHours(99), ofHours(1));
		this.signer.holds();
		Supplier supplier = new Supplier();
		CertificateManager manager = start(builder().template(supplier));
		for (int outage = 1; outage <= 2; outage++) {
			supplier.waitingFor = "addresses of node n1";
			supplier.fails = true;
			pass(ofSeconds(50));
			assertThat(manager.current()).contains(stored);
			assertThat(manager.status().health().waitingFor()).startsWith("the template supplier ")
				.endsWith(", which fails with java.lang.NoClassDefFoundError");
			assertThat(lines(output, "The last template stays in use: waiting for")).isEqualTo(outage);
			supplier.fails = false;
			pass(SECOND);
			assertThat(manager.status().health().waitingFor()).isNull();
			pass(ofMinutes(2));
			assertThat(lines(output, "The template supplier answers again")).isEqualTo(outage);
		}
		answer(0);
		assertThat(manager.current()).isPresent().get().isNotEqualTo(stored);
		this.template = CHANGED;
		pass(SECOND);
		assertThat(this.signer.requests).hasSize(2);
		assertThat(this.failures).isEmpty();
	}

	@Test
	void supplierThatFailsFromTheStartIsWhatTheCertificateWaitsFor(CapturedOutput output) {
		Supplier supplier = new Supplier();
		supplier.fails = true;
		CertificateManager manager = start(builder().template(supplier));
		pass(SECOND);
		assertThat(manager.status().state()).isEqualTo(State.WAITING);
		assertThat(manager.status().health().waitingFor()).startsWith("the template supplier ");
		assertThat(output).containsOnlyOnce("Nothing is requested yet: waiting for the template supplier ");
	}

	/** As the time in the answer of a server that is called. */
	@ParameterizedTest
	@ValueSource(ints = { 1, 2 })
	void failuresThatNeverSayTheSameOrComeNowAndThenDoNotFillTheLog(int everyCall, CapturedOutput output) {
		AtomicInteger calls = new AtomicInteger();
		CertificateManager manager = start(builder().template(() -> {
			if (calls.incrementAndGet() % everyCall == 0) {
				throw new IllegalStateException("500 at " + calls);
			}
			return Optional.of(TEMPLATE);
		}));
		pass(ofMinutes(20));
		assertThat(calls).hasValueGreaterThan(1000);
		assertThat(lines(output, "500 at ")).isBetween(1, 10);
		assertThat(lines(output, "waiting for the template supplier ")).isBetween(1, 10);
		assertThat(lines(output, "answers again")).isZero();
		assertThat(manager.status().rotations().count()).isEqualTo((everyCall == 1) ? 0 : 1);
	}

	@ParameterizedTest
	@CsvSource({ "12, false", "30, true" })
	void supplierThatIsAlwaysLateDoesNotFillTheLog(int seconds, boolean fails, CapturedOutput output) {
		AtomicInteger calls = new AtomicInteger();
		start(builder().template(() -> {
			calls.incrementAndGet();
			pass(ofSeconds(seconds));
			if (fails) {
				throw new IllegalStateException("not available, request timed out");
			}
			return Optional.of(TEMPLATE);
		}));
		pass(ofHours(1));
		assertThat(calls).hasValueGreaterThan(100);
		assertThat(lines(output, "not available, request timed out")).isLessThanOrEqualTo(10);
		assertThat(lines(output, "which has not returned since")).isBetween(1, 10);
		assertThat(lines(output, "answers again")).isZero();
	}

	private static int lines(CapturedOutput output, String text) {
		return (int) output.getOut().lines().filter((line) -> line.contains(text)).count();
	}

	/** It is asked in rounds, and may have changed since the last one. */
	@Test
	void requestedRotationIsForTheTemplateOfThatTime() {
		storePair();
		CertificateManager manager = start(dynamic());
		this.signer.holds();
		this.template = CertificateTemplate.ofSubject("other");
		CompletableFuture<CertificatePair> rotated = rotate(manager);
		pass(ofMinutes(1));
		assertThat(this.signer.requests).singleElement()
			.extracting(CertificateRequest::template)
			.isEqualTo(this.template);
		answer(0);
		assertThat(rotated).isCompleted();
	}

	@Test
	void supplierThatHangsDelaysARequestedRotationByTenSeconds() {
		storePair();
		List<Runnable> calls = new ArrayList<>();
		CertificateManager manager = start(dynamic().executor((task) -> {
			if (this.template == null) {
				calls.add(task);
			}
			else {
				task.run();
			}
		}));
		this.signer.holds();
		this.template = null;
		rotate(manager);
		pass(ofSeconds(9));
		assertThat(this.signer.requests).isEmpty();
		pass(ofSeconds(2));
		assertThat(this.signer.requests).hasSize(1);
	}

	@Test
	void requestedRotationUsesTheLastTemplateIfThereIsNoThreadForTheSupplier(CapturedOutput output) {
		storePair();
		Supplier supplier = new Supplier();
		supplier.signals = true;
		AtomicBoolean exhausted = new AtomicBoolean();
		CertificateManager manager = start(builder().template(supplier).executor((task) -> {
			if (exhausted.get()) {
				throw new InternalError("no thread to be had");
			}
			task.run();
		}));
		this.signer.holds();
		exhausted.set(true);
		rotate(manager);
		assertThat(this.signer.requests).hasSize(1);
		assertThat(output).containsOnlyOnce("The template supplier cannot be asked; its last template stays in use");
	}

	@Test
	void supplierThatSignalsIsAskedEachTenSecondsWhileNothingCanBeRequested() {
		Supplier supplier = new Supplier();
		supplier.signals = true;
		this.template = null;
		start(builder().template(supplier));
		int before = supplier.asked;
		pass(ofSeconds(30));
		assertThat(supplier.asked - before).isGreaterThan(1);
	}

	@Test
	void stoppedManagerLeavesNoTimerOfARequestedRotation() {
		CertificateManager manager = start(dynamic().executor((task) -> {
		}));
		rotate(manager);
		manager.stop();
		this.time.settle();
		assertThat(this.time.scheduled()).isZero();
	}

	/** Sooner than a start gives up, which then names it. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void supplierThatHangsFromTheStartIsNamedAfterTenSecondsUntilItReturns(boolean signals, CapturedOutput output) {
		Supplier supplier = new Supplier();
		supplier.signals = signals;
		supplier.hangs();
		CertificateManager manager = start(builder().template(supplier).executor(supplier::execute));
		await().until(() -> supplier.hanging);
		pass(ofSeconds(9));
		assertThat(manager.status().health().waitingFor()).isNull();
		pass(ofSeconds(2));
		assertThat(manager.status().health().waitingFor()).endsWith("which has not returned since " + START);
		assertThat(output).containsOnlyOnce("Nothing is requested yet: waiting for the template supplier");
		supplier.returns();
		await().untilAsserted(() -> {
			this.time.settle();
			assertThat(manager.status().requested().template()).isEqualTo(TEMPLATE);
		});
		assertThat(manager.status().health().waitingFor()).isNull();
		pass(ofMinutes(2));
		assertThat(output).containsOnlyOnce("The template supplier answers again");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void supplierThatFailsOrHangsDoesNotPreventTheRotationAtTheDeadline(boolean hangs, CapturedOutput output) {
		Supplier supplier = new Supplier();
		CertificateManager manager = start(builder().template(supplier).executor(supplier::execute));
		CertificatePair first = manager.current().orElseThrow();
		supplier.fails = !hangs;
		if (hangs) {
			supplier.hangs();
			pass(SECOND);
			await().until(() -> supplier.hanging);
		}
		pass(first.lifetime());
		assertThat(manager.current()).isPresent().isNotEqualTo(Optional.of(first));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(output)
			.contains("The last template stays in use: waiting for the template supplier " + Supplier.class.getName()
					+ (hangs ? ", which has not returned" : ", which fails with java.lang.NoClassDefFoundError"));
		supplier.returns();
		await().until(() -> !hangs || output.getOut().contains("The template supplier answers again"));
	}

	/** Nothing is asked twice because nobody could be asked for a while. */
	@Test
	void supplierIsAskedOnceAfterATimeWithoutThreads() {
		Supplier supplier = new Supplier();
		supplier.signals = true;
		AtomicBoolean exhausted = new AtomicBoolean();
		start(builder().template(supplier).executor((task) -> {
			if (exhausted.get()) {
				throw new InternalError("no thread to be had");
			}
			task.run();
		}));
		exhausted.set(true);
		pass(ofMinutes(10));
		supplier.changed.run();
		int before = supplier.asked;
		exhausted.set(false);
		pass(ofMinutes(1));
		assertThat(supplier.asked - before).isEqualTo(1);
	}

	@ParameterizedTest
	@CsvSource({ "false, 10", "true, 600" })
	void supplierIsAskedEachSecondOrOnceAMinuteAndAtEachSignalIfItSignalsItsChanges(boolean signals, int tenPauses) {
		Supplier supplier = new Supplier();
		supplier.signals = signals;
		AtomicBoolean exhausted = new AtomicBoolean();
		CertificateManager manager = start(builder().template(supplier).executor((task) -> {
			if (exhausted.get()) {
				throw new InternalError("no thread to be had");
			}
			task.run();
		}));
		pass(ofSeconds(5));
		int before = supplier.asked;
		pass(ofSeconds(tenPauses));
		assertThat(supplier.asked - before).isEqualTo(10);
		this.template = CHANGED;
		if (signals) {
			supplier.changed.run();
		}
		pass(signals ? ofSeconds(0) : SECOND);
		assertThat(manager.status().requested().template()).isEqualTo(CHANGED);
		assertThat(manager.status().rotations().count()).isEqualTo(2);
		for (CertificateTemplate template : List.of(TEMPLATE, CHANGED)) {
			this.template = template;
			supplier.changed.run();
		}
		this.time.settle();
		assertThat(manager.status().requested().template()).isEqualTo(CHANGED);
		exhausted.set(true);
		supplier.changed.run();
		exhausted.set(false);
		before = supplier.asked;
		pass(ofMinutes(1));
		assertThat(supplier.asked).isGreaterThan(before);
		manager.stop();
		this.time.settle();
		before = supplier.asked;
		supplier.changed.run();
		pass(ofMinutes(2));
		assertThat(supplier.asked).isEqualTo(before);
	}

	@Test
	void signalDuringACallOfTheSupplierIsFollowedASecondLater() {
		Supplier supplier = new Supplier();
		supplier.signals = true;
		CertificateManager manager = start(builder().template(supplier));
		pass(ofSeconds(310));
		int before = supplier.asked;
		supplier.changed.run();
		pass(ofSeconds(3));
		assertThat(supplier.asked - before).as("a signal while it is idle").isOne();
		supplier.changesDuringTheCall = true;
		supplier.changed.run();
		assertThat(manager.status().requested().template()).isEqualTo(TEMPLATE);
		pass(SECOND);
		assertThat(manager.status().requested().template()).isEqualTo(CHANGED);
		supplier.signalsInEachCall = true;
		supplier.changed.run();
		before = supplier.asked;
		pass(ofSeconds(30));
		assertThat(supplier.asked - before).isBetween(29, 35);
	}

	@Test
	void supplierThatFailsAfterAChangeDoesNotBringTheEarlierTemplateBack() {
		Supplier supplier = new Supplier();
		supplier.signals = true;
		CertificateManager manager = start(builder().template(supplier));
		this.template = CHANGED;
		supplier.changed.run();
		supplier.fails = true;
		supplier.changed.run();
		this.time.settle();
		assertThat(manager.status().requested().template()).isEqualTo(CHANGED);
	}

	private final class Supplier implements CertificateTemplateSupplier {

		private int asked;

		private boolean fails;

		private @Nullable String waitingFor;

		private boolean signals;

		private boolean changesDuringTheCall;

		private boolean signalsInEachCall;

		private Runnable changed = () -> {
		};

		private volatile CompletableFuture<?> end = CompletableFuture.completedFuture(null);

		private volatile boolean hanging;

		void hangs() {
			this.end = new CompletableFuture<>();
		}

		void returns() {
			this.end.complete(null);
		}

		/** The call that hangs has a thread of its own. */
		void execute(Runnable task) {
			if (this.end.isDone() || this.hanging) {
				task.run();
			}
			else {
				CompletableFuture.runAsync(task, (run) -> new Thread(run).start());
			}
		}

		@Override
		public Optional<CertificateTemplate> get() {
			this.asked++;
			this.hanging = !this.end.isDone();
			this.end.join();
			if (this.fails) {
				throw new NoClassDefFoundError("a class of another version");
			}
			CertificateTemplate template = DynamicTemplateTests.this.template;
			if (this.changesDuringTheCall) {
				this.changesDuringTheCall = false;
				DynamicTemplateTests.this.template = CHANGED;
				this.changed.run();
			}
			if (this.signalsInEachCall) {
				this.changed.run();
			}
			return Optional.ofNullable(template);
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

	/** What another program has stored satisfies the template. Nothing is rotated. */
	@Test
	void pairThatIsAboutToBeReplacedIsNotReportedAsOutdated(CapturedOutput output) {
		storePair();
		CertificateManager manager = start(dynamic());
		this.template = CHANGED;
		this.store.pair = this.authority.pair(CHANGED, START.minus(ofHours(1)), START.plus(ofHours(99)));
		pass(ofMinutes(2));
		assertThat(manager.current()).contains(this.store.pair);
		assertThat(this.signer.requests).isEmpty();
		assertThat(output).doesNotContain("does not match the template and is rotated");
	}

}
