package io.kubelet.cert.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.engine.CertificateManagerBuilder;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.MemoryStore;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;

import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * C27: where the kubelet exits, health is DOWN and listeners are told.
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
	void unknownWhileTheFirstCertificateIsWaitedForAndDownAfterFiveMinutesOfAHealthyServer() {
		this.signer.holds();
		start();
		assertThat(status()).isEqualTo(Status.UNKNOWN);
		this.time.pass(Duration.ofMinutes(4));
		assertThat(status()).isEqualTo(Status.UNKNOWN);
		assertThat(this.unavailable).isEmpty();
		this.time.pass(Duration.ofMinutes(3));
		assertThat(status()).isEqualTo(Status.DOWN);
		this.time.pass(Duration.ofMinutes(5));
		assertThat(this.unavailable).containsExactly("c");
		this.signer.answers.get(0).complete(this.signer.issue(this.signer.requests.get(0)));
		this.time.settle();
		assertThat(status()).isEqualTo(Status.UP);
	}

	@Test
	void unknownAsLongAsTheServerIsNotHealthy() {
		this.signer.failsWith(
				(request) -> new SignerUnavailableException(request.name(), "Unreachable", "no way", null, null));
		start();
		this.time.settle();
		assertThat(this.manager.status().serverHealthy()).isFalse();
		assertThat(status()).isEqualTo(Status.UNKNOWN);
	}

	private void start() {
		this.manager.start();
		this.time.settle();
	}

	private Status status() {
		return new CertificateHealthIndicator(this.manager).health().getStatus();
	}

}
