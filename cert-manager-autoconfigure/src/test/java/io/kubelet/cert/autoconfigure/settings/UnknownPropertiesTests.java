package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link UnknownProperties}.
 *
 * @see UnknownProperties
 */
@ExtendWith(OutputCaptureExtension.class)
class UnknownPropertiesTests {

	private static final String SET = "template.common-name=shop;additional.b.cert-dir=/b";

	@ParameterizedTest
	@ValueSource(strings = { "signer-ca-fil", "common-name", "usage", "kubernets.kubeconfig", "drain.hikary", "enable",
			"foo", "export.dir", "additional.b.export.dir", "additional.b.ssl.trust-fil" })
	void unknownPropertyIsReportedWithItsOriginAndWhatToDo(String property) {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(SET, property + "=false"))
			.withMessage("These properties do not exist: 'kubelet.cert.%s'", property)
			.satisfies((failure) -> assertThat(failure.report()).endsWith(
					"- 'kubelet.cert.%1$s' (\"kubelet.cert.%1$s\" from property source \"test\")".formatted(property)))
			.satisfies((failure) -> assertThat(failure.action()).startsWith("Correct or remove them.")
				.contains("'kubelet.cert.ignore-unknown-properties' to true"));
	}

	/** Everyone would be accepted. */
	@Test
	void elementOfWhatIsNoListIsReported() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(SET, "ssl.accepted-clients[0]=spiffe://example.org/shop"))
			.withMessage("These properties do not exist: 'kubelet.cert.ssl.accepted-clients'")
			.satisfies((failure) -> assertThat(failure.report())
				.contains("(\"kubelet.cert.ssl.accepted-clients[0]\" from property source \"test\"): it is no list"));
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(SET, "pair-name[0]=shop"))
			.satisfies((failure) -> assertThat(failure.report()).endsWith(": it is no list"));
		assertThatException().isThrownBy(() -> TestSettings.of(SET, "ssl.accepted-clients=spiffe://example.org/shop"));
	}

	/** The common names of clients would restrict the clients. */
	@ParameterizedTest
	@ValueSource(strings = { "ssl.accepted-servers.common-names", "additional.b.ssl.accepted-servers.common-names",
			"ssl.acceptedServers.commonNames" })
	void commonNamesOfServersAreReportedWithTheOtherNames(String property) {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(SET, property + "[0]=orders"))
			.satisfies((failure) -> assertThat(failure.report()).contains(
					"a server is not accepted by its common name: set 'ssl.accepted-servers.dns-names' or 'ssl.accepted-servers.uris'"));
	}

	@Test
	void messageNamesEachPropertyOnceAndAListWithoutItsElements() {
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(SET, "dns-names[0]=a;dns-names[1]=b;foo=a"))
			.withMessage("These properties do not exist: 'kubelet.cert.dns-names', 'kubelet.cert.foo'")
			.satisfies((failure) -> assertThat(failure.report()).containsOnlyOnce("- 'kubelet.cert.dns-names' (")
				.doesNotContain("dns-names[1]"));
	}

	@Test
	void filesAndProfilesAreChecked(@TempDir Path directory) throws IOException {
		Files.writeString(directory.resolve("application.yml"), """
				kubelet.cert:
				  template.common-name: shop
				  certdir: ${dir:}
				  signerName: example.com/a
				  usages: [client auth, server auth]
				""");
		Files.writeString(directory.resolve("application-prod.yml"), """
				kubelet.cert:
				  usages: [client auth]
				  rotation:
				    earlyest: 0.5
				""");
		TestSettings.of(TestSettings.configured(directory));
		assertThatExceptionOfType(InvalidSettingsException.class)
			.isThrownBy(() -> TestSettings.of(TestSettings.configured(directory, "spring.profiles.active=prod")))
			.satisfies((failure) -> assertThat(failure.report())
				.contains("'kubelet.cert.rotation.earlyest'", "application-prod.yml] - 4:15")
				.doesNotContain("certdir", "usages"));
	}

	@Test
	void unknownPropertyIsAWarningIfIgnored(CapturedOutput output) {
		assertThat(TestSettings.first(SET, "signer-ca-fil=/ca;ignore-unknown-properties=true;cert-dir=/pki")
			.storage()
			.certDir()).hasToString("/pki");
		assertThat(output).contains("WARN").containsOnlyOnce("'kubelet.cert.signer-ca-fil'");
	}

	/** Known are those with underscores for hyphens and those without. */
	@Test
	void unknownEnvironmentVariableIsAWarning(CapturedOutput output) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment",
					Map.of("KUBELET_CERT_SERVICE_HOST", "10.0.0.7", "KUBELET_CERT_SIGNER_CA_FIL", "/ca",
							"KUBELET_CERT_CERT_DIR", "/a", "KUBELET_CERT_CERTDIR", "/a", "KUBELET_CERT_USAGES_0",
							"client auth", "KUBELET_CERT_ADDITIONAL_C_TEMPLATE_DNSNAMES_0", "c")));
		TestSettings.of(environment, SET);
		assertThat(output)
			.contains("WARN", "KUBELET_CERT_SERVICE_HOST",
					"'kubelet.cert.signer.ca.fil' (\"KUBELET_CERT_SIGNER_CA_FIL\" from property source")
			.doesNotContain("CERTDIR", "CERT_DIR", "USAGES", "ADDITIONAL");
	}

	/** Spring Boot binds neither of them, so every client would be accepted. */
	@ParameterizedTest
	@ValueSource(strings = { "SSL_ACCEPTED_CLIENTS_DNSNAMES", "SSL_ACCEPTEDCLIENTS_DNS_NAMES", "SSL_TRUST_CONFIGMAP",
			"ADDITIONAL_SHOP_CLIENT_TEMPLATE_DNSNAMES" })
	void environmentVariableThatLacksSomeOfTheHyphensIsAWarning(String variable, CapturedOutput output) {
		assertThat(warnings(output, variable)).contains("(\"KUBELET_CERT_" + variable + "\" from property source");
	}

	@ParameterizedTest
	@ValueSource(strings = { "SSL_ACCEPTED_CLIENTS_DNS_NAMES", "SSL_ACCEPTEDCLIENTS_DNSNAMES_0",
			"ADDITIONAL_SHOP_CLIENT_TEMPLATE_DNS_NAMES", "ADDITIONAL_SHOPCLIENT_TEMPLATE_DNSNAMES" })
	void environmentVariableWithoutHyphensOrWithUnderscoresForAllOfThemIsKnown(String variable, CapturedOutput output) {
		assertThat(warnings(output, variable)).doesNotContain("WARN");
	}

	private static String warnings(CapturedOutput output, String variable) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment",
					Map.of("KUBELET_CERT_" + variable, "shop")));
		TestSettings.of(environment, SET, "additional.shop-client.template.dns-names=a");
		return output.toString();
	}

}
