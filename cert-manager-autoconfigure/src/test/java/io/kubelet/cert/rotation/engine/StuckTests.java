package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.autoconfigure.actuate.Reports;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate whose rotation hangs, as on a store or a source of keys.
 *
 * @see io.kubelet.cert.rotation.internal.SerialExecutor
 */
class StuckTests extends ManagerFixture {

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private final List<Double> stuck = new ArrayList<>();

	/** Time passes in the step. */
	@Test
	void stepThatHangsIsReportedAfterAMinuteUntilItReturns(CapturedOutput output) {
		AtomicReference<CertificateManager> manager = new AtomicReference<>();
		AtomicReference<Health> health = new AtomicReference<>();
		manager.set(builder().keys((specification) -> {
			passAndLook(ofSeconds(59));
			passAndLook(ofSeconds(31));
			health.set(Reports.health(manager.get(), this.time));
			return KeyPairSource.jdk().generate(specification);
		}).build());
		Reports.bindMetrics(manager.get(), this.time, this.registry);
		manager.get().start();
		passAndLook(ofMinutes(2));
		assertThat(this.stuck).containsExactly(0.0, 90.0, 0.0);
		assertThat(health.get().getDetails()).containsEntry("stuckSince", START);
		assertThat(manager.get().status().health().stuckSince()).isNull();
		assertThat(output).containsOnlyOnce("[kubelet-client] A step of the rotation has not returned for 1m")
			.containsOnlyOnce("[kubelet-client] The step of the rotation has returned")
			.containsPattern("at .*StuckTests\\.")
			.containsPattern("The stack of thread .*\n\tat .*getStackTrace");
	}

	private void passAndLook(Duration duration) {
		pass(duration);
		this.stuck.add(this.registry.get("kubelet.cert.stuck").timeGauge().value(TimeUnit.SECONDS));
	}

}
