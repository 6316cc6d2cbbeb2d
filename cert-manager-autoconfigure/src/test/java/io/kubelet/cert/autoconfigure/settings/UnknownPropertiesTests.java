package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests for {@link UnknownProperties}.
 */
@ExtendWith(OutputCaptureExtension.class)
class UnknownPropertiesTests {

	private static final String SET = "template.common-name=shop;additional.b.cert-dir=/b";

	@TempDir
	Path directory;

	@ParameterizedTest(name = "{0}: {1}")
	@CsvSource({ "signer-ca-fil, signer-ca-file", "common-name, template.common-name",
			"kubernets.kubeconfig, kubernetes.kubeconfig", "drain.hikary, drain.hikari", "enable, enabled",
			"usage[0], usages[0]", "usages.client, usages", "cert-dir[0], cert-dir",
			"additional.b.ssl.trust-fil, additional.b.ssl.trust-file",
			"additional.b.kubernetes.kubeconfig, kubernetes.kubeconfig",
			"additional.b.additional.c.cert-dir, additional.b.cert-dir",
			"template.common-name.first, template.common-name", "aditional.c.cert-dir, additional" })
	void unknownPropertyIsReportedWithTheClosestOne(String property, String closest) {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(SET, property + "=false"))
			.satisfies((failure) -> assertThat(failure.report()).contains("'kubelet.cert." + property + "'",
					"the closest property is 'kubelet.cert." + closest + "'"))
			.satisfies((failure) -> assertThat(failure.action())
				.contains("'kubelet.cert.ignore-unknown-properties' to true"));
	}

	@Test
	void fileOfEachKindIsChecked(CapturedOutput output) throws IOException {
		write("application.yml", """
				kubelet.cert:
				  template.common-name: shop
				  certdir: ${dir:/tmp}
				  signerName: example.com/a
				  usages: [client auth, server auth]
				  startup.mode: background
				spring.config.import: imported.properties
				""");
		write("application-prod.yml", """
				kubelet.cert:
				  usages: [client auth]
				  rotation:
				    earlyest: 0.5
				""");
		write("imported.properties", "kubelet.cert.pair-nam=a");
		assertThat(report("spring.profiles.active=prod")).contains("'kubelet.cert.rotation.earlyest'",
				"application-prod.yml] - 4:15", "closest property is 'kubelet.cert.rotation.earliest'",
				"'kubelet.cert.pair-nam'", "imported.properties] - 1:23");
		assertThat(report("")).contains("'kubelet.cert.pair-nam'").doesNotContain("certdir");
		write("imported.properties", "kubelet.cert.pair-name=a");
		TestSettings.of(TestSettings.configured(this.directory));
		assertThat(output).doesNotContain("that do not exist are ignored");
	}

	private void write(String name, String content) throws IOException {
		Files.writeString(this.directory.resolve(name), content);
	}

	private String report(String property) {
		return catchThrowableOfType(InvalidSettingsException.class,
				() -> TestSettings.of(TestSettings.configured(this.directory, property)))
			.report();
	}

	@Test
	void unknownPropertyIsAWarningIfIgnored(CapturedOutput output) {
		assertThat(TestSettings.first(SET, "signer-ca-fil=/ca;ignore-unknown-properties=true;cert-dir=/pki")
			.storage()
			.certDir()).hasToString("/pki");
		assertThat(output).contains("WARN").containsOnlyOnce("'kubelet.cert.signer-ca-fil'");
	}

	@Test
	void unknownEnvironmentVariableIsAWarning(CapturedOutput output) {
		TestSettings.of(environment(Map.of("KUBELET_CERT_SERVICE_HOST", "10.0.0.7", "KUBELET_CERT_PORT",
				"tcp://10.0.0.7:443", "KUBELET_CERT_SIGNER_CA_FIL", "/ca")), SET);
		assertThat(output).contains("WARN", "KUBELET_CERT_SERVICE_HOST", "KUBELET_CERT_PORT",
				"'kubelet.cert.signer.ca.fil'", "closest property is 'kubelet.cert.signer-ca-file'");
	}

	@ParameterizedTest
	@CsvSource({ "KUBELET_CERT_SERVICE_HOST, false", "KUBELET_CERT_DEMO_PORT_443_TCP_ADDR, false",
			"KUBELET_CERT_PAIR_NAME, true", "KUBELET_CERT_PAIRNAM, true",
			"KUBELET_CERT_ADDITIONAL_SERVICE_SIGNERNAME, true" })
	void variableOfAServiceConfiguresNoCertificate(String name, boolean configures) {
		StandardEnvironment environment = environment(Map.of(name, "a"));
		ConfigurationPropertySources.attach(environment);
		assertThat(SettingsConfiguration.isAnyPropertySet(environment)).isEqualTo(configures);
	}

	/** Neither those with underscores for hyphens nor those without are unknown. */
	@ParameterizedTest
	@ValueSource(strings = { "KUBELET_CERT_CERT_DIR", "KUBELET_CERT_CERTDIR", "KUBELET_CERT_USAGES_0",
			"KUBELET_CERT_ADDITIONAL_C_TEMPLATE_COMMON_NAME", "KUBELET_CERT_ADDITIONAL_C_TEMPLATE_DNSNAMES_0",
			"KUBELET_CERT_KUBERNETES_API_CLIENT_ENABLED", "KUBELET_CERT_PAIR_NAME" })
	void knownEnvironmentVariableIsNoWarning(String name, CapturedOutput output) {
		TestSettings.of(environment(Map.of(name, name.endsWith("ENABLED") ? "true" : "client auth")), SET);
		assertThat(output).doesNotContain("that do not exist are ignored");
	}

	@Test
	void propertyThatIsAlsoAnEnvironmentVariableIsReported() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(environment(Map.of("KUBELET_CERT_SERVICE", "a")), "service=a"));
	}

	private static StandardEnvironment environment(Map<String, Object> variables) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", variables));
		return environment;
	}

	@Test
	void everyPropertyOfTheMetadataExists() {
		Set<String> names = Metadata.properties().keySet();
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(names.stream().map((name) -> name + "x=1").toArray(String[]::new)))
			.satisfies((failure) -> assertThat(failure.report())
				.contains(names.stream().map((name) -> "closest property is 'kubelet.cert." + name + "'").toList()));
		assertThat(names).hasSizeGreaterThan(50);
	}

}
