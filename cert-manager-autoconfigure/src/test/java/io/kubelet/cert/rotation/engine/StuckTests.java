package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.autoconfigure.actuate.Reports;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate whose store hangs.
 */
@ExtendWith(OutputCaptureExtension.class)
class StuckTests extends ManagerFixture {

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final CountDownLatch hanging = new CountDownLatch(1);

	private final CountDownLatch restored = new CountDownLatch(1);

	@AfterEach
	void end() {
		this.restored.countDown();
		this.threads.shutdownNow();
	}

	@Test
	void storeThatHangsIsReportedAfterAMinuteUntilItReturns(CapturedOutput output) {
		storePair();
		MeterRegistry registry = new SimpleMeterRegistry();
		HangingStore store = new HangingStore();
		CertificateManager manager = builder().store(store).scheduler((task, delay) -> {
			if (!delay.isZero()) {
				return this.time.schedule(task, delay);
			}
			this.threads.execute(task);
			return () -> {
			};
		}).build();
		Reports.bindMetrics(manager, this.time, registry);
		store.hangs = true;
		manager.start();
		await(this.hanging);
		pass(Duration.ofSeconds(59));
		assertThat(manager.status().health().stuckSince()).isNull();
		assertThat(stuck(registry)).isZero();
		pass(Duration.ofSeconds(31));
		assertThat(manager.status().health().stuckSince()).isEqualTo(START);
		assertThat(stuck(registry)).isEqualTo(90);
		assertThat(Reports.health(manager, this.time).getDetails()).containsEntry("stuckSince", START);
		assertThat(output).containsOnlyOnce("[kubelet-client] A step of the rotation has not returned for 1m")
			.containsPattern("at .*HangingStore\\.read\\(");
		store.hangs = false;
		this.restored.countDown();
		Awaitility.await().untilAsserted(() -> assertThat(manager.status().health().stuckSince()).isNull());
		assertThat(stuck(registry)).isZero();
		manager.stop();
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static double stuck(MeterRegistry registry) {
		return registry.get("kubelet.cert.stuck").timeGauge().value(TimeUnit.SECONDS);
	}

	private final class HangingStore implements CertificateStore {

		private final CertificateStore store = StuckTests.this.store;

		private volatile boolean hangs;

		@Override
		public Stored read() {
			if (this.hangs) {
				StuckTests.this.hanging.countDown();
				await(StuckTests.this.restored);
			}
			return this.store.read();
		}

		@Override
		public Stored write(Stored next) {
			return this.store.write(next);
		}

	}

}
