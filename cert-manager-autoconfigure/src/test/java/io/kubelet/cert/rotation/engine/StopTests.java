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
class StopTests extends ManagerFixture {

	@Test
	void stopLeavesNothingScheduledAndKeepsTheCertificate() {
		CertificateManager manager = start();
		manager.start();
		this.time.settle();
		assertThat(this.time.scheduled()).isOne();
		manager.stop();
		manager.stop();
		this.time.settle();
		assertThat(this.time.scheduled()).isZero();
		assertThat(manager.current()).isPresent();
		pass(Duration.ofDays(1));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(manager.rotate()).isCompletedExceptionally();
	}

	@Test
	void stopCancelsWhatIsUnderWayAndKeepsThePendingRequest() {
		this.signer.holds();
		CertificateManager manager = start();
		var waiting = rotate(manager);
		manager.stop();
		assertThat(this.signer.answers.get(0)).as("also if the scheduler runs nothing any more").isCancelled();
		assertThat(waiting).isCancelled();
		this.time.settle();
		assertThat(this.store.request).isNotNull();
		assertThat(this.failures).isEmpty();
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void startAfterStopDoesNothing() {
		CertificateManager manager = builder().build();
		manager.stop();
		manager.start();
		this.time.settle();
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.time.scheduled()).isZero();
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
		CertificateManager manager = start();
		var rotated = manager.rotate();
		manager.stop();
		this.time.settle();
		assertThat(rotated).isCancelled();
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void stopWhileARequestIsBeingMadeCancelsIt() {
		AtomicReference<CertificateManager> stopping = new AtomicReference<>();
		this.signer.holds();
		CertificateManager manager = builder().keys((specification) -> {
			Optional.ofNullable(stopping.get()).ifPresent(CertificateManager::stop);
			return KeyPairSource.jdk().generate(specification);
		}).build();
		stopping.set(manager);
		manager.start();
		this.time.settle();
		assertThat(this.signer.answers).singleElement().satisfies((answer) -> assertThat(answer).isCancelled());
		assertThat(this.failures).isEmpty();
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void stopWithoutASignerLeavesNothingScheduled() {
		CertificateManager manager = start(withoutSigner().template(TEMPLATE));
		assertThat(this.time.scheduled()).isOne();
		manager.stop();
		this.time.settle();
		assertThat(this.time.scheduled()).isZero();
	}

	private CertificateManager startOn(ScheduledThreadPoolExecutor executor) {
		FakeSigner signer = new FakeSigner(this.authority, Clock.systemUTC());
		CertificateManager manager = builder().template(() -> Optional.of(TEMPLATE))
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
