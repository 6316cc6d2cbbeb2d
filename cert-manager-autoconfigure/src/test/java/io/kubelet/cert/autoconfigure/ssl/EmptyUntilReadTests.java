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

	/** The first answer may take a moment. Anything else is warned about at once. */
	@Test
	void eachProblemIsLoggedOnce(CapturedOutput output) {
		EmptyUntilRead authorities = new EmptyUntilRead("test", "bundle");
		List.of(new KubernetesConfigurationException(Kind.UNAVAILABLE, "It cannot be read yet"),
				new KubernetesConfigurationException(Kind.UNAVAILABLE, "The server cannot be reached"),
				new IllegalStateException("There is no such ConfigMap"))
			.forEach((problem) -> {
				assertThat(authorities.apply(problem)).isEqualTo(Trust.exactly(List.of()));
				authorities.apply(problem);
			});
		new EmptyUntilRead("test", "bundle").apply(new IllegalStateException("It may not be read"));
		assertThat(output.toString().lines().filter((line) -> line.contains("'bundle' trusts nobody for now")))
			.map((line) -> line.contains(" WARN ") ? "WARN" : "INFO")
			.containsExactly("INFO", "WARN", "WARN", "WARN");
	}

}
