package io.kubelet.cert.rotation.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.autoconfigure.actuate.Reports;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate whose rotation hangs, as on a store or a source of keys.
 */
@ExtendWith(OutputCaptureExtension.class)
class StuckTests extends ManagerFixture {

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final CompletableFuture<Void> hanging = new CompletableFuture<>();

	private final CompletableFuture<Void> restored = new CompletableFuture<>();

	private final MeterRegistry registry = new SimpleMeterRegistry();

	@AfterEach
	void end() {
		this.restored.complete(null);
		this.threads.shutdownNow();
	}

	@Test
	void stepThatHangsIsReportedAfterAMinuteUntilItReturns(CapturedOutput output) {
		CertificateManager manager = builder().keys((specification) -> {
			this.hanging.complete(null);
			this.restored.join();
			return KeyPairSource.jdk().generate(specification);
		}).scheduler((task, delay) -> {
			if (!delay.isZero()) {
				return this.time.schedule(task, delay);
			}
			this.threads.execute(task);
			return () -> {
			};
		}).build();
		Reports.bindMetrics(manager, this.time, this.registry);
		manager.start();
		this.hanging.join();
		pass(ofSeconds(59));
		assertThat(manager.status().health().stuckSince()).isNull();
		assertThat(stuck()).isZero();
		pass(ofSeconds(31));
		assertThat(manager.status().health().stuckSince()).isEqualTo(START);
		assertThat(stuck()).isEqualTo(90);
		assertThat(Reports.health(manager, this.time).getDetails()).containsEntry("stuckSince", START);
		assertThat(output).containsOnlyOnce("[kubelet-client] A step of the rotation has not returned for 1m")
			.containsPattern("at .*StuckTests\\.");
		this.restored.complete(null);
		Awaitility.await().untilAsserted(() -> assertThat(manager.status().health().stuckSince()).isNull());
		assertThat(stuck()).isZero();
		manager.stop();
	}

	private double stuck() {
		return this.registry.get("kubelet.cert.stuck").timeGauge().value(TimeUnit.SECONDS);
	}

}
