package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.engine.RotationSettings.Resources;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Suppliers of many certificates that are asked each second.
 */
class TemplateRoundsTests extends ManagerFixture {

	private static final int CERTIFICATES = 10;

	private static final Duration SECOND = Duration.ofSeconds(1);

	private static final CertificateTemplate CHANGED = CertificateTemplate.ofSubject("system:node:n1", "changed");

	private final AtomicInteger scheduled = new AtomicInteger();

	private final RotationScheduler scheduler = (task, delay) -> {
		this.scheduled.incrementAndGet();
		return this.time.schedule(task, delay);
	};

	private final AtomicBoolean noThread = new AtomicBoolean();

	private final Executor executor = (task) -> {
		if (this.noThread.get()) {
			throw new RejectedExecutionException("no thread");
		}
		task.run();
	};

	private final TemplateRounds rounds = new TemplateRounds(this.scheduler, this.executor, this.time);

	private final AtomicInteger asked = new AtomicInteger();

	private CertificateTemplate template = TEMPLATE;

	@Test
	void anyNumberOfSuppliersIsAskedWithOneTimerAndInvolvesNoManagerUntilAnAnswerChanges() {
		List<CertificateManager> managers = startMany();
		this.asked.set(0);
		this.scheduled.set(0);
		pass(SECOND.multipliedBy(50));
		assertThat(this.asked).hasValue(50 * CERTIFICATES);
		assertThat(this.scheduled).hasValue(50);
		this.template = CHANGED;
		pass(SECOND);
		assertThat(managers)
			.allSatisfy((manager) -> assertThat(manager.status().requested().template()).isEqualTo(CHANGED));
	}

	/** Time passes in the supplier, as it does for others while one blocks. */
	@Test
	void supplierThatBlocksDelaysOthersByOneSecondAndIsReported() {
		List<CertificateManager> managers = startMany();
		AtomicBoolean blocks = new AtomicBoolean();
		AtomicInteger calls = new AtomicInteger();
		AtomicReference<CertificateManager> reported = new AtomicReference<>();
		CertificateManager blocking = start(() -> {
			if (blocks.getAndSet(false)) {
				this.template = CHANGED;
				pass(SECOND);
				assertThat(managers)
					.allSatisfy((manager) -> assertThat(manager.status().requested().template()).isEqualTo(CHANGED));
				this.asked.set(0);
				calls.set(0);
				pass(SECOND.multipliedBy(8));
				assertThat(this.asked.get()).isGreaterThanOrEqualTo(7 * CERTIFICATES);
				assertThat(reported.get().status().health().waitingFor()).isNull();
				pass(SECOND);
				assertThat(reported.get().status().health().waitingFor()).startsWith("the template supplier ");
			}
			calls.incrementAndGet();
			return Optional.of(TEMPLATE);
		});
		reported.set(blocking);
		blocks.set(true);
		pass(SECOND);
		assertThat(calls).as("one call at a time").hasValue(1);
		pass(SECOND.multipliedBy(20));
		assertThat(blocking.status().health().waitingFor()).isNull();
		assertThat(calls.get()).isGreaterThan(1);
	}

	@Test
	void roundForWhichThereIsNoThreadIsMadeUpFor() {
		List<CertificateManager> managers = startMany();
		this.noThread.set(true);
		try {
			pass(SECOND);
		}
		catch (RejectedExecutionException ex) {
			// The scheduler of an application reports it
		}
		this.noThread.set(false);
		this.template = CHANGED;
		pass(SECOND);
		assertThat(managers)
			.allSatisfy((manager) -> assertThat(manager.status().requested().template()).isEqualTo(CHANGED));
	}

	@Test
	void nothingIsScheduledOnceAllAreStopped() {
		List<CertificateManager> managers = startMany();
		managers.forEach(CertificateManager::stop);
		this.time.settle();
		assertThat(this.time.scheduled()).isZero();
	}

	private List<CertificateManager> startMany() {
		return IntStream.range(0, CERTIFICATES).mapToObj((index) -> start(() -> {
			this.asked.incrementAndGet();
			return Optional.of(this.template);
		})).toList();
	}

	private CertificateManager start(CertificateTemplateSupplier supplier) {
		return start(builder().scheduler(this.scheduler)
			.executor(this.executor)
			.resources((common) -> new Resources(common.scheduler(), common.executor(), common.keys(), common.clock(),
					common.random(), this.rounds))
			.template(supplier));
	}

}
