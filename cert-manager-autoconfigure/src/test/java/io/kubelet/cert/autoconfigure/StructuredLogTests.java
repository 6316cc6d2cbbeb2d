package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;

import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.LogFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The fields of a rotation in Spring Boot's structured logging.
 */
@ExtendWith(OutputCaptureExtension.class)
class StructuredLogTests {

	@TempDir
	Path directory;

	/** Spring Boot leaves it to the next application in this process. */
	@AfterEach
	void restoreTheFormatOfTheLog() {
		LogFormat.restore();
	}

	@Test
	void rotationHasItsFields(CapturedOutput output) {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
					.web(WebApplicationType.NONE)
					.run("--logging.structured.format.console=ecs",
							"--kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
							"--kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(this.directory),
							"--kubelet.cert.template.common-name=system:node:test",
							"--kubelet.cert.template.organizations=system:nodes")) {
			String entry = output.getOut()
				.lines()
				.filter((line) -> line.contains("Obtained the first certificate:"))
				.reduce((first, second) -> second)
				.orElseThrow();
			JsonNode json = JsonMapper.shared().readTree(entry);
			String serialNumber = context.getBean(CertificateManager.class).current().orElseThrow().serialNumber();
			JsonNode fields = json.at("/kubelet/cert");
			assertThat(fields.get("name").asString()).isEqualTo("kubelet-client");
			assertThat(fields.get("serial").asString()).isEqualTo(serialNumber);
			assertThat(fields.get("not_after").asString()).endsWith("Z");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateManagerAutoConfiguration.class, SslAutoConfiguration.class,
			CertificateSslAutoConfiguration.class })
	static class Application {

	}

}
