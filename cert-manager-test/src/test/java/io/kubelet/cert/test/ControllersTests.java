package io.kubelet.cert.test;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the clean-up in {@link Controllers}.
 */
class ControllersTests {

	private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2030-01-01T00:00:00Z"));

	@AutoClose
	private final ControlPlane parts = new ControlPlane(
			EmbeddedControlPlane.builder().approval(ApprovalPolicy.manual()).clock(new Clock() {
				@Override
				public Instant instant() {
					return ControllersTests.this.now.get();
				}

				@Override
				public ZoneOffset getZone() {
					return ZoneOffset.UTC;
				}

				@Override
				public Clock withZone(java.time.ZoneId zone) {
					return this;
				}
			}));

	private final EmbeddedControlPlane controlPlane = new EmbeddedControlPlane(this.parts);

	private String open = "";

	private String denied = "";

	private String issued = "";

	@BeforeEach
	void create() throws Exception {
		ApiClient client = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());
		this.open = ApiClient.name(client.create(Csr.kubeletClient("n1")));
		this.denied = ApiClient.name(client.create(Csr.kubeletClient("n2")));
		this.issued = ApiClient.name(client.create(Csr.kubeletClient("n3")));
		this.controlPlane.deny(this.denied, "Policy", "no");
		this.controlPlane.approve(this.issued);
		await().until(() -> this.controlPlane.openCertificateSigningRequests().size() == 1);
	}

	@Test
	void decidedRequestsAreRemovedAfterAnHour() {
		pass(Duration.ofMinutes(60));
		assertThat(this.controlPlane.certificateSigningRequests()).containsExactlyInAnyOrder(this.open, this.denied,
				this.issued);
		pass(Duration.ofMinutes(1));
		assertThat(this.controlPlane.certificateSigningRequests()).containsExactly(this.open);
	}

	@Test
	void openRequestsAreRemovedAfterADay() {
		pass(Duration.ofHours(24));
		assertThat(this.controlPlane.certificateSigningRequests()).containsExactly(this.open);
		pass(Duration.ofMinutes(1));
		assertThat(this.controlPlane.certificateSigningRequests()).isEmpty();
	}

	private void pass(Duration time) {
		this.now.updateAndGet((instant) -> instant.plus(time));
		this.parts.controllers.cleanUp();
	}

}
