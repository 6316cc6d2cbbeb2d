package io.kubelet.cert.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.engine.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.MemoryStore;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The health of a certificate through its life. Where the kubelet exits, listeners are
 * called.
 */
class CertificateHealthIndicatorTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final FakeSigner signer = new FakeSigner(new TestAuthority("test"), this.time);

	private final List<String> unavailable = new ArrayList<>();

	private final CertificateManager manager = new CertificateManagerBuilder("c").store(new MemoryStore())
		.scheduler(this.time)
		.executor(Runnable::run)
		.clock(this.time)
		.signerName("example.com/c")
		.usages(List.of(Usage.CLIENT_AUTH))
		.template(CertificateTemplate.ofSubject("c"))
		.signers((current) -> this.signer)
		.listener(new RotationListener() {

			@Override
			public void unavailable(String name) {
				CertificateHealthIndicatorTests.this.unavailable.add(name);
			}

		})
		.build();

	@Test
	void upWithACertificateAndDownOnceItHasExpired() {
		start();
		assertThat(status()).isEqualTo(Status.UP);
		this.signer.holds();
		this.time.pass(Duration.ofHours(2));
		assertThat(status()).isEqualTo(Status.DOWN);
	}

	@Test
	void overdueIsAsConfiguredAndWarnsWhateverTheLifetime() {
		for (Duration lifetime : List.of(Duration.ofMinutes(10), Duration.ofDays(365))) {
			CertificateHealthIndicatorTests test = new CertificateHealthIndicatorTests();
			test.signer.lifetime = lifetime;
			test.start();
			test.signer.holds();
			test.time.pass(lifetime.multipliedBy(91).dividedBy(100));
			assertThat(test.health(Status.UP).getStatus()).isEqualTo(Status.UP);
			assertThat(test.health(Status.OUT_OF_SERVICE)).satisfies((health) -> {
				assertThat(health.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
				assertThat(health.getDetails()).containsEntry("lifetimeLeft", "9 %").containsKey("pendingRequest");
				assertThat(health.getDetails().get("warning")).asString()
					.startsWith("The rotation is overdue since 2026-")
					.contains("valid for another ");
			});
		}
	}

	@Test
	void certificateThatIsNotOverdueHasNoWarning() {
		start();
		assertThat(health(Status.OUT_OF_SERVICE)).satisfies((health) -> {
			assertThat(health.getStatus()).isEqualTo(Status.UP);
			assertThat(health.getDetails()).containsEntry("lifetimeLeft", "100 %").doesNotContainKey("warning");
		});
	}

	@Test
	void downWithoutACertificateAndListenersAreCalledAfterFiveMinutesOfAHealthyServer() {
		this.signer.holds();
		start();
		assertThat(status()).isEqualTo(Status.DOWN);
		this.time.pass(Duration.ofMinutes(4));
		assertThat(this.unavailable).isEmpty();
		this.time.pass(Duration.ofMinutes(8));
		assertThat(status()).isEqualTo(Status.DOWN);
		assertThat(this.unavailable).containsExactly("c");
		this.signer.answers.get(0).complete(this.signer.issue(this.signer.requests.get(0)));
		this.time.settle();
		assertThat(status()).isEqualTo(Status.UP);
	}

	@Test
	void listenersAreNotCalledAsLongAsTheServerIsNotHealthy() {
		this.signer.silent();
		this.signer.failsWith(
				(request) -> new SignerUnavailableException(request.name(), "Unreachable", "no way", null, null));
		start();
		this.time.pass(Duration.ofMinutes(12));
		assertThat(this.manager.status().serverHealthy()).isFalse();
		assertThat(health(Status.UP).getDetails()).containsEntry("lastFailure", "Unreachable");
		assertThat(this.unavailable).isEmpty();
	}

	private void start() {
		this.manager.start();
		this.time.settle();
	}

	private Status status() {
		return health(Status.UP).getStatus();
	}

	private Health health(Status overdue) {
		return Objects.requireNonNull(new CertificateHealthIndicator(this.manager, overdue, this.time).health());
	}

}
