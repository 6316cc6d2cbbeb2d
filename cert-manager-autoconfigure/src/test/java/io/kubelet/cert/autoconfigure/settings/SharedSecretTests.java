package io.kubelet.cert.autoconfigure.settings;

import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

	private void run(String properties, Consumer<CertificateSettingsList> check) {
		this.runner.withPropertyValues(
				Stream.of(properties.split(",")).map((property) -> "kubelet.cert." + property).toArray(String[]::new))
			.run((context) -> check.accept(context.getBean(CertificateSettingsList.class)));
	}

}
