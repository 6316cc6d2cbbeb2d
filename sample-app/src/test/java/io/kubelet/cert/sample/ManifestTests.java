package io.kubelet.cert.sample;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.SettingsConfiguration;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the manifest of the application: the environment variables of its Deployment
 * on top of its own configuration.
 */
class ManifestTests {

	private static final Path MANIFEST = Path.of("src", "main", "kubernetes", "sample-app.yaml");

	@Test
	void bothCertificatesWaitForSomebodyToApprove() {
		new ApplicationContextRunner().withInitializer(new ConfigDataApplicationContextInitializer())
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", environment())))
			.withUserConfiguration(SettingsConfiguration.class)
			.run((context) -> {
				List<CertificateSettings> certificates = context.getBean(CertificateSettingsList.class).certificates();
				assertThat(certificates).extracting(CertificateSettings::name)
					.containsExactly("kubelet-client", "kubelet-server");
				assertThat(certificates).allSatisfy(
						(certificate) -> assertThat(certificate.startup().timeout()).isEqualTo(Duration.ofMinutes(30)))
					.allSatisfy((certificate) -> assertThat(certificate.storage().certDir())
						.isEqualTo(Path.of("/var/run/sample-app/pki")));
			});
	}

	private static Map<String, Object> environment() {
		Map<String, Object> environment = new LinkedHashMap<>();
		try (Reader reader = Files.newBufferedReader(MANIFEST)) {
			for (Object document : new Yaml().loadAll(reader)) {
				if (document instanceof Map<?, ?> object && "Deployment".equals(object.get("kind"))) {
					collect(object, environment);
				}
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		assertThat(environment).isNotEmpty();
		return environment;
	}

	/** Environment variables are the only maps of a name and a value in a Deployment. */
	private static void collect(Object node, Map<String, Object> environment) {
		if (node instanceof Map<?, ?> map) {
			if (map.get("name") instanceof String name && map.get("value") != null) {
				environment.put(name, map.get("value"));
			}
			map.values().forEach((value) -> collect(value, environment));
		}
		else if (node instanceof List<?> list) {
			list.forEach((value) -> collect(value, environment));
		}
	}

}
