package io.kubelet.cert.autoconfigure.ssl;

import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class EmptyUntilReadTests {

	private RuntimeException problem = new KubernetesConfigurationException(Kind.UNAVAILABLE, "It cannot be read yet");

	private final EmptyUntilRead authorities = new EmptyUntilRead("test", "bundle");

	@Test
	void answerThatIsMissingAtFirstNeedsNoWarning(CapturedOutput output) {
		readTwice();
		assertThat(levels(output)).containsExactly("INFO");
		this.problem = new KubernetesConfigurationException(Kind.UNAVAILABLE, "The server cannot be reached");
		readTwice();
		assertThat(levels(output)).containsExactly("INFO", "WARN");
	}

	@Test
	void anythingElseIsWarnedAboutAtOnce(CapturedOutput output) {
		this.problem = new IllegalStateException("There is no such ConfigMap");
		readTwice();
		assertThat(levels(output)).containsExactly("WARN");
		this.problem = new IllegalStateException("It may not be read");
		readTwice();
		assertThat(levels(output)).containsExactly("WARN", "WARN");
	}

	private void readTwice() {
		assertThat(this.authorities.apply(this.problem)).isEqualTo(Trust.exactly(List.of()));
		this.authorities.apply(this.problem);
	}

	private static List<String> levels(CapturedOutput output) {
		return output.toString()
			.lines()
			.filter((line) -> line.contains("The SSL bundle 'bundle' trusts nobody for now"))
			.map((line) -> line.contains(" WARN ") ? "WARN" : "INFO")
			.toList();
	}

}
