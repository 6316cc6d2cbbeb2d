package io.kubelet.cert.rotation.engine;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How a manager stops.
 */
class StopTests {

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void stopLeavesNothingScheduledAndKeepsTheCertificate() {
		CertificateManager manager = this.fixture.start();
		manager.start();
		this.fixture.time.settle();
		assertThat(this.fixture.time.scheduled()).isOne();
		manager.stop();
		manager.stop();
		this.fixture.time.settle();
		assertThat(this.fixture.time.scheduled()).isZero();
		assertThat(manager.current()).isPresent();
		this.fixture.time.pass(Duration.ofDays(1));
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(manager.rotate()).isCompletedExceptionally();
	}

	@Test
	void stopCancelsWhatIsUnderWayAndKeepsThePendingRequest() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		var waiting = manager.rotate();
		this.fixture.time.settle();
		manager.stop();
		assertThat(this.fixture.signer.answers.get(0)).as("also if the scheduler runs nothing any more").isCancelled();
		assertThat(waiting).isCancelled();
		this.fixture.time.settle();
		assertThat(this.fixture.store.request).isNotNull();
		assertThat(this.fixture.failures).isEmpty();
		assertThat(this.fixture.time.scheduled()).isZero();
	}

	@Test
	void startAfterStopDoesNothing() {
		CertificateManager manager = this.fixture.builder().build();
		manager.stop();
		manager.start();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(this.fixture.time.scheduled()).isZero();
	}

	@Test
	void managerOnARealSchedulerStops() {
		ScheduledThreadPoolExecutor executor = executor();
		try {
			CertificateManager manager = startOn(executor);
			manager.stop();
			Awaitility.await().untilAsserted(() -> {
				assertThat(executor.getQueue()).isEmpty();
				assertThat(executor.getActiveCount()).isZero();
			});
		}
		finally {
			executor.shutdownNow();
		}
	}

	@Test
	void schedulerThatIsShutDownEndsTheManagerAndStopIsHarmless() throws Exception {
		ScheduledThreadPoolExecutor executor = executor();
		CertificateManager manager = startOn(executor);
		executor.shutdownNow();
		assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
		manager.stop();
		assertThat(manager.current()).isPresent();
	}

	@Test
	void stopRightAfterARotationOnDemandCancelsIt() {
		CertificateManager manager = this.fixture.start();
		var rotated = manager.rotate();
		manager.stop();
		this.fixture.time.settle();
		assertThat(rotated).isCancelled();
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(this.fixture.time.scheduled()).isZero();
	}

	@Test
	void stopWhileARequestIsBeingMadeCancelsIt() {
		AtomicReference<CertificateManager> stopping = new AtomicReference<>();
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.builder().keys((specification) -> {
			Optional.ofNullable(stopping.get()).ifPresent(CertificateManager::stop);
			return KeyPairSource.jdk().generate(specification);
		}).build();
		stopping.set(manager);
		manager.start();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.answers).singleElement().satisfies((answer) -> assertThat(answer).isCancelled());
		assertThat(this.fixture.failures).isEmpty();
		assertThat(this.fixture.time.scheduled()).isZero();
	}

	@Test
	void stopWithoutASignerLeavesNothingScheduled() {
		CertificateManager manager = this.fixture.start(this.fixture.withoutSigner().template(ManagerFixture.TEMPLATE));
		assertThat(this.fixture.time.scheduled()).isOne();
		manager.stop();
		this.fixture.time.settle();
		assertThat(this.fixture.time.scheduled()).isZero();
	}

	private CertificateManager startOn(ScheduledThreadPoolExecutor executor) {
		FakeSigner signer = new FakeSigner(this.fixture.authority, Clock.systemUTC());
		CertificateManager manager = this.fixture.builder()
			.template(() -> Optional.of(ManagerFixture.TEMPLATE))
			.clock(Clock.systemUTC())
			.signers((current) -> signer)
			.scheduler(RotationScheduler.of(executor))
			.build();
		assertThat(manager.current()).isEmpty();
		manager.start();
		Awaitility.await().until(() -> manager.current().isPresent());
		return manager;
	}

	private static ScheduledThreadPoolExecutor executor() {
		ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(2, Executors.defaultThreadFactory());
		executor.setRemoveOnCancelPolicy(true);
		return executor;
	}

}
