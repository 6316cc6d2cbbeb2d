package io.kubelet.cert.autoconfigure.actuate;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.MapAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The health of a certificate through its life.
 */
@ExtendWith(OutputCaptureExtension.class)
class CertificateHealthIndicatorTests {

	private final ManagerFixture fixture = new ManagerFixture();

	private final CertificateManager manager = this.fixture.builder().build();

	@Test
	void overdueIsAsConfiguredAndWarnsWhateverTheLifetime() {
		for (Duration lifetime : List.of(Duration.ofMinutes(10), Duration.ofDays(365))) {
			CertificateHealthIndicatorTests test = new CertificateHealthIndicatorTests();
			test.fixture.signer.lifetime = lifetime;
			test.start();
			test.fixture.signer.holds();
			test.fixture.time.pass(lifetime.multipliedBy(91).dividedBy(100));
			assertThat(test.health(Status.UP).getStatus()).isEqualTo(Status.UP);
			test.assertHealth(Status.OUT_OF_SERVICE).containsEntry("lifetimeLeft", "9 %").containsKey("pendingRequest");
			test.assertWarning().startsWith("The rotation is overdue since 2026-").contains("valid for another ");
		}
	}

	/**
	 * One clock decides, so nobody is paged by one of them and finds the others green.
	 */
	@Test
	void healthMetricsLogAndEventAgreeWithinASecond(CapturedOutput output) {
		MeterRegistry registry = new SimpleMeterRegistry();
		Reports.bindMetrics(this.manager, this.fixture.time, registry);
		this.fixture.signer.lifetime = Duration.ofSeconds(100);
		this.fixture.signer.holds();
		start();
		assertHealth(Status.DOWN);
		this.fixture.answer(0);
		assertHealth(Status.UP).containsEntry("lifetimeLeft", "100 %").doesNotContainKey("warning");
		String serialNumber = this.manager.current().orElseThrow().serialNumber();
		this.fixture.time.pass(Duration.ofSeconds(90));
		assertHealth(Status.UP);
		assertThat(Reports.states(registry)).containsExactly("ROTATING");
		assertThat(this.fixture.warnings).isEmpty();
		assertThat(output).doesNotContain("overdue");
		this.fixture.time.pass(Duration.ofMillis(1));
		assertHealth(Status.OUT_OF_SERVICE);
		assertThat(Reports.states(registry)).containsExactly("OVERDUE");
		assertThat(this.fixture.warnings).containsExactly("overdue " + serialNumber);
		assertThat(output).containsOnlyOnce("The certificate is overdue for rotation");
		this.fixture.time.pass(Duration.ofMillis(9999));
		assertHealth(Status.OUT_OF_SERVICE);
		assertThat(output).doesNotContain("The certificate expired at");
		this.fixture.time.pass(Duration.ofMillis(1));
		assertHealth(Status.DOWN);
		assertThat(Reports.states(registry)).containsExactly("EXPIRED");
		assertThat(this.fixture.warnings).containsExactly("overdue " + serialNumber, "expired " + serialNumber);
		assertThat(output).containsOnlyOnce("The certificate expired at");
		assertWarning().startsWith("The certificate expired at 2026-01-01T").endsWith("Z: peers refuse it");
	}

	@Test
	void certificateThatIsNotValidYetHasItsBeginningAndAWarning() {
		start();
		this.fixture.signer.holds();
		this.fixture.time.setClock(Duration.ofDays(-2));
		assertHealth(Status.DOWN).containsKey("notBefore");
		assertWarning().startsWith("The certificate is not valid before 20")
			.contains("and it is 2025-12-30T")
			.endsWith("Check the clock of this machine");
	}

	@Test
	void failedAttemptIsAmongTheDetails() {
		this.fixture.signer.denies();
		start();
		assertHealth(Status.DOWN).containsEntry("lastFailure", "No").containsKey("lastFailureMessage");
	}

	private void start() {
		this.manager.start();
		this.fixture.time.settle();
	}

	private MapAssert<String, Object> assertHealth(Status status) {
		Health health = health(Status.OUT_OF_SERVICE);
		assertThat(health.getStatus()).isEqualTo(status);
		return assertThat(health.getDetails());
	}

	private AbstractStringAssert<?> assertWarning() {
		return assertThat(health(Status.UP).getDetails().get("warning")).asString();
	}

	private Health health(Status overdue) {
		return Objects
			.requireNonNull(new CertificateHealthIndicator(this.manager, overdue, this.fixture.time).health());
	}

}
