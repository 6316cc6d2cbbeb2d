package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Suppliers of many certificates that are asked each second.
 *
 * @see TemplateRounds
 */
class TemplateRoundsTests extends ManagerFixture {

	private static final int CERTIFICATES = 10;

	private static final Duration SECOND = ofSeconds(1);

	private static final CertificateTemplate CHANGED = CertificateTemplate.ofSubject("system:node:n1", "changed");

	private final AtomicInteger scheduled = new AtomicInteger();

	private final AtomicInteger asked = new AtomicInteger();

	private final TemplateRounds rounds = new TemplateRounds(this::schedule, Runnable::run);

	private Runnable schedule(Runnable task, Duration delay) {
		this.scheduled.incrementAndGet();
		return this.time.schedule(task, delay);
	}

	@Test
	void allSuppliersAreAskedWithOneTimerAndOnlyChangesReachManagers() {
		List<CertificateManager> managers = startMany();
		pass(SECOND.multipliedBy(2));
		this.asked.set(0);
		this.scheduled.set(0);
		pass(SECOND.multipliedBy(50));
		assertThat(this.asked).hasValue(50 * CERTIFICATES);
		assertThat(this.scheduled).hasValue(50);
		managers.get(0).stop();
		this.time.settle();
		assertFollowsChange(managers.subList(1, CERTIFICATES));
		managers.forEach(CertificateManager::stop);
		this.time.settle();
		assertThat(this.time.scheduled()).isZero();
	}

	private void assertFollowsChange(List<CertificateManager> managers) {
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
				assertFollowsChange(managers);
				this.asked.set(0);
				calls.set(0);
				pass(SECOND.multipliedBy(60));
				assertThat(this.asked.get()).isGreaterThanOrEqualTo(59 * CERTIFICATES);
				assertThat(reported.get().status().health().waitingFor()).startsWith("the template supplier ");
			}
			calls.incrementAndGet();
			return Optional.of(TEMPLATE);
		});
		reported.set(blocking);
		blocks.set(true);
		pass(SECOND);
		assertThat(calls).as("one call at a time").hasValue(1);
		pass(SECOND.multipliedBy(80));
		assertThat(blocking.status().health().waitingFor()).isNull();
		assertThat(calls.get()).isGreaterThan(1);
	}

	private List<CertificateManager> startMany() {
		return IntStream.range(0, CERTIFICATES).mapToObj((index) -> start(() -> {
			this.asked.incrementAndGet();
			return Optional.ofNullable(this.template);
		})).toList();
	}

	private CertificateManager start(CertificateTemplateSupplier supplier) {
		return start(builder().scheduler(this::schedule)
			.with((it) -> it.resources = (common) -> new SharedResources(common.scheduler(), common.executor(),
					common.keys(), common.clock(), common.random(), this.rounds))
			.template(supplier));
	}

}
