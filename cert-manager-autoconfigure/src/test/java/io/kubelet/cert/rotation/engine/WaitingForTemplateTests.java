package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.MemoryStore;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A template that is not known yet is waited for in plain sight.
 */
@ExtendWith(OutputCaptureExtension.class)
class WaitingForTemplateTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2030-01-01T00:00:00Z"));

	private final FakeSigner signer = new FakeSigner(new TestAuthority("ca"), this.time);

	private final Templates templates = new Templates();

	private final CertificateManager manager = new CertificateManagerBuilder("test").store(new MemoryStore())
		.scheduler(this.time)
		.executor(Runnable::run)
		.clock(this.time)
		.signerName("example.com/signer")
		.usages(List.of(Usage.CLIENT_AUTH))
		.signers((current) -> this.signer)
		.template(this.templates)
		.build();

	@Test
	void statusAndLogSayWhatIsWaitedFor(CapturedOutput output) {
		this.templates.waitingFor = "addresses of node n1";
		this.manager.start();
		this.time.pass(Duration.ofMinutes(5));
		assertThat(this.manager.status().health().waitingFor()).isEqualTo("addresses of node n1");
		assertThat(this.manager.status().state()).isEqualTo(CertificateStatus.State.WAITING);
		assertThat(this.signer.requests).isEmpty();
		assertThat(output.getOut().split("waiting for addresses of node n1", -1)).hasSize(2);
	}

	@Test
	void templateThatComesIsRequestedWithinASecondAndNothingIsWaitedForAnyMore() {
		this.templates.waitingFor = "addresses of node n1";
		this.manager.start();
		this.time.pass(Duration.ofMinutes(5));
		this.templates.template = CertificateTemplate.ofSubject("cn");
		this.time.pass(Duration.ofSeconds(1));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.manager.status().health().waitingFor()).isNull();
		assertThat(this.manager.current()).isPresent();
	}

	@Test
	void supplierThatFailsIsNotSaidToWait() {
		this.templates.waitingFor = "addresses of node n1";
		this.manager.start();
		this.templates.fails = true;
		this.time.pass(Duration.ofSeconds(2));
		assertThat(this.manager.status().health().waitingFor()).isNull();
	}

	private static final class Templates implements CertificateTemplateSupplier {

		private @Nullable CertificateTemplate template;

		private @Nullable String waitingFor;

		private boolean fails;

		@Override
		public Optional<CertificateTemplate> get() {
			if (this.fails) {
				throw new IllegalStateException("no idea");
			}
			return Optional.ofNullable(this.template);
		}

		@Override
		public Optional<String> waitingFor() {
			return Optional.ofNullable(this.waitingFor);
		}

	}

}
