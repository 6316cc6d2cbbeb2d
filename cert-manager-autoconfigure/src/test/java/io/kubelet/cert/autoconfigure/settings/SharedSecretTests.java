package io.kubelet.cert.autoconfigure.settings;

import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the Secret in {@link CertificateSettings}.
 */
class SharedSecretTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withUserConfiguration(SettingsConfiguration.class)
		.withPropertyValues("kubelet.cert.pair-name=shop");

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|', nullValues = "null", textBlock = """
			store.type=file                          | null
			store.type=secret                        | Secret shop
			store.type=secret,store.secret=shop-tls  | Secret shop-tls
			store.type=secret,store.secret=web/a.b   | Secret web/a.b
			store.type=secret,store.secret=          | Secret shop
			""")
	void secretHasTheNameOfThePairByDefault(String properties, @Nullable String secret) {
		run(properties, (settings) -> {
			SharedSecret found = settings.find("shop").orElseThrow().storage().secret();
			assertThat((found != null) ? found.toString() : null).isEqualTo(secret);
		});
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource({ "store.type=secret, false", "'store.type=secret,cert-dir=target', true",
			"'store.type=secret,cert-dir=target,store.copy=false', false",
			"'store.type=secret,store.copy=true', true" })
	void pairIsCopiedWhereADirectoryIsSet(String properties, boolean copied) {
		run(properties, (settings) -> assertThat(settings.find("shop").orElseThrow().storage().secret())
			.isEqualTo(new SharedSecret(null, "shop", copied)));
	}

	@Test
	void additionalCertificateInheritsTheTypeButNotTheSecret() {
		run("store.type=secret,store.secret=shop-tls,additional.client.template.common-name=client,"
				+ "additional.own.store.type=file,additional.own.template.common-name=own", (settings) -> {
					assertThat(settings.find("client").orElseThrow().storage().secret()).hasToString("Secret client");
					assertThat(settings.find("own").orElseThrow().storage().secret()).isNull();
				});
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|',
			textBlock = """
					store.secret=a                            | store.secret | Pairs are stored in files: set 'kubelet.cert.store.type' to 'secret'
					store.type=secret,store.secret=a/b/c      | store.secret | It is not the name of a Secret
					store.type=secret,store.secret=Shop       | store.secret | It is not the name of a Secret
					store.type=secret,pair-name=Shop          | store.secret | It is not the name of a Secret
					store.type=secret,pair-name=a b           | pair-name    | The name becomes a label of the Secret
					store.type=secret,profile=kubelet-client,node-name=a | store.type | Replicas cannot share this certificate, because it identifies one node ('kubelet.cert.profile'): set 'kubelet.cert.store.type' to 'file'
					store.type=secret,template.common-name=system:node:a | store.type | it identifies one node ('kubelet.cert.template.common-name')
					store.type=secret,addresses.source=pod        | store.type | it states the addresses of one replica ('kubelet.cert.addresses.source')
					store.type=secret,addresses.source=interfaces | store.type | it states the addresses of one replica ('kubelet.cert.addresses.source')
					store.type=secret,addresses.source=node       | store.type | it states the addresses of one replica ('kubelet.cert.addresses.source')
					store.type=secret,tls-cert-file=a,tls-private-key-file=b | store.type | it is in files ('kubelet.cert.tls-cert-file')
					""")
	void whatCannotBeSharedIsRefused(String properties, String property, String reason) {
		this.runner.withPropertyValues(values(properties))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (failure) -> {
					assertThat(failure.getName()).isEqualTo("kubelet.cert." + property);
					assertThat(failure.getReason()).contains(reason);
				}));
	}

	@Test
	void secretIsNamedIfTheCertificateIsNot() {
		new ApplicationContextRunner().withUserConfiguration(SettingsConfiguration.class)
			.withPropertyValues("kubelet.cert.store.type=secret")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class,
						(failure) -> assertThat(failure.getReason()).startsWith("Name the Secret, such as shop-tls")));
	}

	@Test
	void twoCertificatesDoNotShareASecret() {
		this.runner
			.withPropertyValues(values("store.type=secret,additional.client.store.secret=shop,"
					+ "additional.client.template.common-name=client"))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("kubelet.cert.additional.client.store.secret"));
	}

	private void run(String properties, Consumer<CertificateSettingsList> check) {
		this.runner.withPropertyValues(values(properties))
			.run((context) -> check.accept(context.getBean(CertificateSettingsList.class)));
	}

	private static String[] values(String properties) {
		return Stream.of(properties.split(",")).map((property) -> "kubelet.cert." + property).toArray(String[]::new);
	}

}
