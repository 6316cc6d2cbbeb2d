package io.kubelet.cert.test.spring;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import io.kubelet.cert.test.EmbeddedControlPlane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ControlPlaneProperties}: which files an application on an embedded
 * control plane uses.
 *
 * @see ControlPlaneProperties
 */
class ControlPlanePropertiesTests {

	private static final String FIRST = "kubelet.cert.cert-dir";

	private static final String FURTHER = "kubelet.cert.additional.serving.cert-dir";

	@Test
	void directoriesOfTheApplicationAreNotUsed() {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			context.getEnvironment()
				.getPropertySources()
				.addLast(new MapPropertySource("application.yml", Map.of(FIRST, "/real", FURTHER, "/real/too")));
			Path directory = start(context);
			assertThat(directory).isNotEqualTo(Path.of("/real"));
			assertThat(context.getEnvironment().getProperty(FURTHER)).isEqualTo(directory.toString());
		}
	}

	/** A name with dots is in brackets. */
	@Test
	void directoryOfACertificateWithDotsIsNotUsedEither() {
		String real = "kubelet.cert.additional[shop.example.com].cert-dir";
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			context.getEnvironment()
				.getPropertySources()
				.addLast(new MapPropertySource("application.yml", Map.of(real, "/real")));
			Path directory = start(context);
			assertThat(Binder.get(context.getEnvironment()).bind(real, String.class).get())
				.isEqualTo(directory.toString());
		}
	}

	/** Their files would be replaced, or those of another certificate refused. */
	@Test
	void eachCertificateThatIsExportedHasADirectoryOfTheTest() {
		List<String> names = List.of("kubelet.cert.export.directory", "kubelet.cert.additional.web.export.directory",
				"kubelet.cert.additional[shop.example.com].export.directory");
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			ConfigurableEnvironment environment = context.getEnvironment();
			environment.getPropertySources()
				.addLast(new MapPropertySource("application.yml",
						names.stream().collect(Collectors.toMap((name) -> name, (name) -> "/real"))));
			Path pairs = start(context);
			assertThat(names.stream().map((name) -> Binder.get(environment).bind(name, Path.class).get()))
				.doesNotHaveDuplicates()
				.doesNotContain(pairs)
				.allMatch((directory) -> directory.startsWith(pairs.getParent()));
			assertThat(environment.getProperty("kubelet.cert.additional.other.export.directory")).isNull();
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

	@ParameterizedTest
	@ValueSource(strings = { "kubelet.cert.ssl.trust-file", "kubelet.cert.signer-ca-file",
			"kubelet.cert.additional.serving.ssl.trust-file", "kubelet.cert.additional.serving.signer-ca-file" })
	void authorityIsThatOfTheControlPlaneIfOneIsConfigured(String property) throws Exception {
		for (String configured : List.of(property, property.replace("trust-file", "trustFile"))) {
			try (GenericApplicationContext context = new GenericApplicationContext()) {
				ConfigurableEnvironment environment = context.getEnvironment();
				environment.getPropertySources()
					.addLast(new MapPropertySource("application.yml", Map.of(configured, "/etc/pki/ca.crt")));
				start(context);
				assertThat(Path.of(environment.getRequiredProperty(property))).content()
					.isEqualTo(context.getBean(EmbeddedControlPlane.class).caPem());
			}
		}
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			start(context);
			assertThat(context.getEnvironment().getProperty(property)).isNull();
			context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("Inlined Test Properties", Map.of(property, "/target/ca.crt")));
			assertThat(context.getEnvironment().getProperty(property)).isEqualTo("/target/ca.crt");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "KUBELET_CERT_SIGNER_CA_FILE", "KUBELET_CERT_SIGNERCAFILE" })
	void authorityOfAnEnvironmentVariableIsThatOfTheControlPlane(String variable) throws Exception {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			ConfigurableEnvironment environment = context.getEnvironment();
			environment.getPropertySources()
				.addLast(new SystemEnvironmentPropertySource("test-systemEnvironment",
						Map.of(variable, "/etc/pki/ca.crt")));
			start(context);
			assertThat(Binder.get(environment).bind("kubelet.cert.signer-ca-file", Path.class).get()).content()
				.isEqualTo(context.getBean(EmbeddedControlPlane.class).caPem());
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "kubelet.cert.kubernetes.context", "kubelet.cert.kubernetes.bootstrap-kubeconfig" })
	void credentialsOfTheRealClusterAreNotUsed(String property) {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			context.getEnvironment()
				.getPropertySources()
				.addLast(new MapPropertySource("application.yml", Map.of(property, "production")));
			start(context);
			assertThat(context.getEnvironment().getProperty(property)).isEmpty();
		}
	}

	/** A pair that is not rotated would not be replaced by one of the control plane. */
	@ParameterizedTest
	@ValueSource(strings = { "kubelet.cert", "kubelet.cert.additional.serving" })
	void pairOfTheApplicationIsUsedOnlyIfItIsNotRotated(String prefix) {
		String certificate = prefix + ".tls-cert-file";
		String key = prefix + ".tls-private-key-file";
		Map<String, Object> configured = Map.of(certificate, "/real/tls.crt", key, "/real/tls.key");
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			ConfigurableEnvironment environment = context.getEnvironment();
			environment.getPropertySources().addLast(new MapPropertySource("application.yml", configured));
			start(context);
			assertThat(environment.getProperty(certificate)).isEmpty();
			assertThat(environment.getProperty(key)).isEmpty();
			environment.getPropertySources()
				.addFirst(new MapPropertySource("Inlined Test Properties", Map.of(certificate, "/target/pair.pem")));
			assertThat(environment.getProperty(certificate)).isEqualTo("/target/pair.pem");
			assertThat(environment.getProperty(key)).as("it does not belong to that").isEmpty();
			environment.getPropertySources()
				.addLast(new MapPropertySource("pod", Map.of(prefix + ".rotate-certificates", "false")));
			environment.getPropertySources().remove("Inlined Test Properties");
			assertThat(environment.getProperty(certificate)).isEqualTo("/real/tls.crt");
			assertThat(environment.getProperty(key)).isEqualTo("/real/tls.key");
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
