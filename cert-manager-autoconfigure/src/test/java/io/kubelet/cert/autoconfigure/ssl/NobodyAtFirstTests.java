package io.kubelet.cert.autoconfigure.ssl;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class NobodyAtFirstTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private RuntimeException problem = KubernetesConfigurationException.unanswered("It cannot be read yet");

	private final NobodyAtFirst authorities = new NobodyAtFirst("test", "bundle", () -> {
		throw this.problem;
	}, this.time);

	@Test
	void answerThatStaysAwayIsWarnedAboutOnceAfterTenSeconds(CapturedOutput output) {
		readEachSecond(10);
		assertThat(levels(output)).containsExactly("INFO");
		readEachSecond(60);
		assertThat(levels(output)).containsExactly("INFO", "WARN");
	}

	@Test
	void anythingElseIsWarnedAboutAtOnce(CapturedOutput output) {
		this.problem = new IllegalStateException("There is no such ConfigMap");
		readEachSecond(60);
		assertThat(levels(output)).containsExactly("WARN");
		this.problem = new IllegalStateException("It may not be read");
		readEachSecond(60);
		assertThat(levels(output)).containsExactly("WARN", "WARN");
	}

	private void readEachSecond(int times) {
		for (int i = 0; i < times; i++) {
			this.authorities.read();
			this.time.pass(Duration.ofSeconds(1));
		}
	}

	private static List<String> levels(CapturedOutput output) {
		return output.toString()
			.lines()
			.filter((line) -> line.contains("The SSL bundle 'bundle' trusts nobody for now"))
			.map((line) -> line.contains(" WARN ") ? "WARN" : "INFO")
			.toList();
	}

}
