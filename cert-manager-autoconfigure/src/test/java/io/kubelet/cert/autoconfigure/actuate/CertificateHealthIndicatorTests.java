package io.kubelet.cert.autoconfigure.actuate;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.actuate.CertificatesEndpoint.CertificateDescriptor.Current;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.MapAssert;
import org.junit.jupiter.api.Test;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The health of a certificate through its life.
 *
 * @see CertificateHealthIndicator
 */
class CertificateHealthIndicatorTests extends ManagerFixture {

	private final CertificateManager manager = builder().build();

	/**
	 * One clock decides, so nobody is paged by one of them and finds the others green.
	 */
	@Test
	void healthMetricsLogAndEventAgreeWithinASecond(CapturedOutput output) {
		MeterRegistry registry = new SimpleMeterRegistry();
		Reports.bindMetrics(this.manager, this.time, registry);
		this.signer.lifetime = Duration.ofSeconds(100);
		this.signer.holds();
		begin();
		assertHealth(Status.DOWN);
		answer(0);
		assertHealth(Status.UP).containsEntry("lifetimeLeft", "100 %").doesNotContainKey("warning");
		String serialNumber = this.manager.current().orElseThrow().serialNumber();
		pass(Duration.ofSeconds(90));
		assertHealth(Status.UP);
		assertThat(Reports.states(registry)).containsExactly("ROTATING");
		assertThat(this.warnings).isEmpty();
		assertThat(output).doesNotContain("overdue");
		pass(Duration.ofMillis(1));
		assertHealth(Status.OUT_OF_SERVICE).containsEntry("lifetimeLeft", "9 %").containsKey("pendingRequest");
		assertWarning().startsWith("A new certificate is overdue since 2026-").contains("valid for another ");
		assertThat(Reports.states(registry)).containsExactly("OVERDUE");
		assertThat(this.warnings).containsExactly("overdue " + serialNumber);
		assertThat(output).containsOnlyOnce("The certificate is overdue for rotation");
		pass(Duration.ofMillis(9999));
		assertHealth(Status.OUT_OF_SERVICE);
		assertThat(output).doesNotContain("The certificate expired at");
		pass(Duration.ofMillis(1));
		assertHealth(Status.DOWN);
		assertThat(Reports.states(registry)).containsExactly("EXPIRED");
		assertThat(this.warnings).containsExactly("overdue " + serialNumber, "expired " + serialNumber);
		assertThat(output).containsOnlyOnce("The certificate expired at");
		assertWarning().startsWith("The certificate expired at 2026-01-01T").endsWith("Z: peers refuse it");
	}

	@Test
	void certificateThatIsNotValidYetHasItsBeginningAndAWarning() {
		begin();
		this.signer.holds();
		this.time.setClock(Duration.ofDays(-2));
		assertHealth(Status.DOWN).containsKey("notBefore");
		assertWarning().startsWith("The certificate is not valid before 20")
			.endsWith("Check the clock of this machine");
	}

	@Test
	void failedAttemptIsAmongTheDetails() {
		this.signer.denies();
		begin();
		assertHealth(Status.DOWN).containsEntry("lastFailure", "No").containsKey("lastFailureMessage");
	}

	@Test
	void endpointShowsAllNamesOfTheCertificate() {
		this.store.pair = this.authority.pair(CertificateTemplate.ofSubject(null)
			.withUris(List.of("spiffe://example.org/shop"))
			.withEmailAddresses(List.of("shop@example.org")), START, START.plus(Duration.ofHours(1)));
		assertThat(current()).satisfies((current) -> {
			assertThat(current.uris()).containsExactly("spiffe://example.org/shop");
			assertThat(current.emailAddresses()).containsExactly("shop@example.org");
		});
	}

	/** As it may be in the files of another program. */
	@Test
	void endpointShowsACertificateWhoseNamesCannotBeRead() {
		this.store.pair = this.authority.pairWithMalformedNames(TEMPLATE, START, START.plus(Duration.ofHours(1)));
		assertThat(current()).satisfies((current) -> {
			assertThat(current.subject()).contains("CN=system:node:n1");
			assertThat(current.ipAddresses()).isEmpty();
		});
	}

	private Current current() {
		CertificateManager manager = start(withoutSigner());
		CertificatesEndpoint endpoint = new CertificatesEndpoint(new CertificateManagers(List.of(manager)),
				(name) -> List.of(), (name) -> null, (name) -> null);
		return Objects.requireNonNull(Objects.requireNonNull(endpoint.certificate(manager.name())).current());
	}

	private void begin() {
		this.manager.start();
		this.time.settle();
	}

	private MapAssert<String, Object> assertHealth(Status status) {
		Health health = health();
		assertThat(health.getStatus()).isEqualTo(status);
		return assertThat(health.getDetails());
	}

	private AbstractStringAssert<?> assertWarning() {
		return assertThat(health().getDetails().get("warning")).asString();
	}

	private Health health() {
		return Objects.requireNonNull(
				new CertificateHealthIndicator(this.manager, Status.OUT_OF_SERVICE, () -> null, this.time).health());
	}

}
