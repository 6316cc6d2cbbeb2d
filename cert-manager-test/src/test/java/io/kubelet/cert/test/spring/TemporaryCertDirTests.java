package io.kubelet.cert.test.spring;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.Test;

import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TemporaryCertDir}: which directory an application on an embedded
 * control plane uses.
 */
class TemporaryCertDirTests {

	private static final String FIRST = "kubelet.cert.cert-dir";

	private static final String FURTHER = "kubelet.cert.additional.serving.cert-dir";

	@Test
	void directoriesOfTheApplicationAreNotUsed() {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			context.getEnvironment()
				.getPropertySources()
				.addLast(new MapPropertySource("application.yml", Map.of(FIRST, "/real", FURTHER, "/real/too",
						"kubelet.cert.additional.serving.tls-cert-file", "/real/tls.crt")));
			Path directory = start(context);
			assertThat(directory).isNotEqualTo(Path.of("/real"));
			assertThat(context.getEnvironment().getProperty(FURTHER)).isEqualTo(directory.toString());
			assertThat(context.getEnvironment().getProperty("kubelet.cert.additional.serving.tls-cert-file"))
				.isEqualTo("/real/tls.crt");
		}
	}

	@Test
	void directoryThatATestSetsIsThatOfAllCertificates() {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			ConfigurableEnvironment environment = context.getEnvironment();
			environment.getPropertySources()
				.addLast(new MapPropertySource("application.yml", Map.of(FIRST, "/real", FURTHER, "/real/too")));
			environment.getPropertySources()
				.addFirst(new MapPropertySource("Inlined Test Properties", Map.of(FIRST, "/target/pki")));
			assertThat(start(context)).isEqualTo(Path.of("/target/pki"));
			assertThat(environment.getProperty(FURTHER)).isEqualTo("/target/pki");
		}
	}

	@Test
	void everyContextHasItsOwnDirectoryWhichIsDeletedWithIt() throws Exception {
		Path directory;
		try (GenericApplicationContext context = new GenericApplicationContext();
				GenericApplicationContext other = new GenericApplicationContext()) {
			directory = start(context);
			assertThat(start(other)).isNotEqualTo(directory);
			Files.createDirectories(directory);
		}
		assertThat(directory.getParent()).doesNotExist();
	}

	@Test
	void environmentWithoutSystemPropertiesHasItToo() {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			context.setEnvironment(new MockEnvironment().withProperty(FIRST, "/real"));
			assertThat(start(context)).isNotEqualTo(Path.of("/real"));
		}
	}

	private static Path start(GenericApplicationContext context) {
		new EmbeddedControlPlaneInitializer().initialize(context);
		context.refresh();
		return Path.of(context.getEnvironment().getRequiredProperty(FIRST));
	}

}
