package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Startup;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.rotation.RotationWindow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PropertiesBinder}: what an additional certificate inherits, and where
 * values come from.
 */
class PropertiesBinderTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withUserConfiguration(SettingsConfiguration.class)
		.withPropertyValues("kubelet.cert.cert-dir=/pki", "kubelet.cert.startup.mode=background",
				"kubelet.cert.startup.timeout=30m", "kubelet.cert.rotation.earliest=0.5",
				"kubelet.cert.rotation.retry.attempts=7", "kubelet.cert.rotation.wait-timeout=5m",
				"kubelet.cert.store.retain=2", "kubelet.cert.key.algorithm=rsa", "kubelet.cert.key.size=4096",
				"kubelet.cert.requested-lifetime=1d", "kubelet.cert.ssl.drain=5s", "kubelet.cert.ssl.trust-overlap=2h",
				"kubelet.cert.ssl.trust-file=/ca.pem", "kubelet.cert.ssl.bundle=first",
				"kubelet.cert.signer-name=example.com/first", "kubelet.cert.signer-ca-file=/signer.pem",
				"kubelet.cert.usages=client auth", "kubelet.cert.template.common-name=first",
				"kubelet.cert.addresses.source=pod", "kubelet.cert.rotate-certificates=false",
				"kubelet.cert.tls-cert-file=/tls.crt", "kubelet.cert.tls-private-key-file=/tls.key");

	@Test
	void furtherCertificateInheritsWhatItDoesNotSet() {
		this.runner.withPropertyValues("kubelet.cert.additional.shop-client.template.common-name=shop")
			.run((context) -> {
				List<CertificateSettings> all = context.getBean(CertificateSettingsList.class).certificates();
				CertificateSettings first = all.get(0);
				CertificateSettings second = all.get(1);
				assertThat(second.startup()).isEqualTo(first.startup())
					.isEqualTo(new Startup(Startup.Mode.BACKGROUND, Duration.ofMinutes(30)));
				assertThat(second.rotation().schedule()).usingRecursiveComparison()
					.ignoringFields("once")
					.isEqualTo(first.rotation().schedule());
				assertThat(second.rotation().schedule().window()).isEqualTo(new RotationWindow(0.5, 0.9));
				assertThat(second.rotation().schedule().retry().attempts()).isEqualTo(7);
				assertThat(second.storage().certDir()).isEqualTo(Path.of("/pki"));
				assertThat(second.storage().retain()).isEqualTo(2);
				assertThat(second.request().wanted().key())
					.isEqualTo(new KeySpecification(KeySpecification.Algorithm.RSA, 4096));
				assertThat(second.request().wanted().lifetime()).isEqualTo(Duration.ofDays(1));
				assertThat(second.ssl()).usingRecursiveComparison().ignoringFields("bundle").isEqualTo(first.ssl());
				assertThat(second.ssl().trusted()).isEqualTo(new Trusted(TrustKind.FILE, "/ca.pem", ""));
			});
	}

	@Test
	void entriesOfAMapAreInheritedOneByOne() {
		new ApplicationContextRunner().withUserConfiguration(SettingsConfiguration.class)
			.withPropertyValues("kubelet.cert.template.common-name=first", "kubelet.cert.issuer.name=first",
					"kubelet.cert.issuer.annotations[issuers.example.com/template]=web",
					"kubelet.cert.issuer.annotations.region=eu", "kubelet.cert.issuer.annotations.Team=shop",
					"kubelet.cert.additional.second.template.common-name=second",
					"kubelet.cert.additional.third.template.common-name=third",
					"kubelet.cert.additional.third.issuer.annotations.region=us",
					"kubelet.cert.additional.third.issuer.annotations.[example.com/own]=yes")
			.run((context) -> {
				List<CertificateSettings> all = context.getBean(CertificateSettingsList.class).certificates();
				Map<String, String> first = Map.of("issuers.example.com/template", "web", "region", "eu", "Team",
						"shop");
				assertThat(annotations(all.get(0))).isEqualTo(first);
				assertThat(annotations(all.get(1))).isEqualTo(first);
				assertThat(annotations(all.get(2))).isEqualTo(Map.of("issuers.example.com/template", "web", "region",
						"us", "Team", "shop", "example.com/own", "yes"));
				assertThat(all.subList(1, 3)).map((settings) -> settings.properties().of("issuer.annotations.region"))
					.containsExactly("kubelet.cert.issuer.annotations.region",
							"kubelet.cert.additional.third.issuer.annotations.region");
			});
	}

	private static Map<String, String> annotations(CertificateSettings certificate) {
		return Objects.requireNonNull(Objects.requireNonNull(certificate.request().signer()).issuer()).annotations();
	}

	@Test
	void whatIdentifiesACertificateIsNotInherited() {
		this.runner
			.withPropertyValues("kubelet.cert.additional.shop-client.uris=",
					"kubelet.cert.ignore-unknown-properties=true")
			.run((context) -> assertThat(context.getBean(CertificateSettingsList.class).certificates()).hasSize(1));
		this.runner.withPropertyValues("kubelet.cert.additional.shop-client.template.dns-names=shop").run((context) -> {
			CertificateSettings second = context.getBean(CertificateSettingsList.class).certificates().get(1);
			assertThat(second.name()).isEqualTo("shop-client");
			assertThat(second.ssl().bundle()).isEqualTo("shop-client");
			assertThat(second.request().signer()).isNull();
			assertThat(second.request().signerCaFile()).isNull();
			assertThat(second.request().wanted().usages()).isEmpty();
			assertThat(second.request().template().commonName()).isNull();
			assertThat(second.request().addresses().source()).isEqualTo(CertificateSettings.AddressSourceKind.FIXED);
			assertThat(second.rotation().enabled()).isTrue();
			assertThat(second.storage().initialPair()).isNull();
		});
	}

	@Test
	void whatAFurtherCertificateSetsTakesPrecedence() {
		this.runner.withPropertyValues("kubelet.cert.additional.b.startup.timeout=10s",
				"kubelet.cert.additional.b.rotation.latest=0.6", "kubelet.cert.additional.b.cert-dir=/b",
				"kubelet.cert.additional.b.key.algorithm=ec", "kubelet.cert.additional.b.ssl.trust-config-map=other-ca",
				"kubelet.cert.additional.c.ssl.trust=system")
			.run((context) -> {
				CertificateSettingsList list = context.getBean(CertificateSettingsList.class);
				CertificateSettings second = list.find("b").orElseThrow();
				assertThat(second.startup()).isEqualTo(new Startup(Startup.Mode.BACKGROUND, Duration.ofSeconds(10)));
				assertThat(second.rotation().schedule().window()).isEqualTo(new RotationWindow(0.5, 0.6));
				assertThat(second.storage().certDir()).isEqualTo(Path.of("/b"));
				assertThat(second.request().wanted().key()).isEqualTo(KeySpecification.EC_P256);
				assertThat(second.ssl().trusted()).isEqualTo(new Trusted(TrustKind.CONFIG_MAP, "other-ca", ""));
				assertThat(list.find("c").orElseThrow().ssl().trusted().kind()).isEqualTo(TrustKind.SYSTEM);
			});
	}

	@Test
	void trustBundleIsInheritedUnlessThereIsAnotherSourceOfTrust() {
		this.runner.withPropertyValues("kubelet.cert.ssl.trust-file=",
				"kubelet.cert.ssl.trust-bundle.signer-name=example.com/ca",
				"kubelet.cert.ssl.trust-bundle.label-selector=a=b", "kubelet.cert.additional.b.template.common-name=b",
				"kubelet.cert.additional.c.ssl.trust-bundle.name=c",
				"kubelet.cert.additional.d.ssl.trust-bundle.label-selector=c=d",
				"kubelet.cert.additional.e.ssl.trust=cluster")
			.run((context) -> {
				CertificateSettingsList list = context.getBean(CertificateSettingsList.class);
				assertThat(List.of("b", "c", "d", "e")).map((name) -> list.find(name).orElseThrow().ssl().trusted())
					.containsExactly(new Trusted(TrustKind.TRUST_BUNDLES_OF_SIGNER, "example.com/ca", "a=b"),
							new Trusted(TrustKind.TRUST_BUNDLE, "c", ""),
							new Trusted(TrustKind.TRUST_BUNDLES_OF_SIGNER, "example.com/ca", "c=d"),
							new Trusted(TrustKind.CLUSTER, "", ""));
			});
	}

	@ParameterizedTest
	@CsvSource({ ".shop-client, shop-client", "[shop.client], shop.client", "[Shop_Client], Shop_Client",
			".shopClient, shopClient" })
	void nameOfACertificateMayHaveAnyForm(String written, String name) {
		this.runner
			.withPropertyValues("kubelet.cert.additional" + written + ".template.common-name=shop",
					"kubelet.cert.additional" + written + ".startup.timeout=7s")
			.run((context) -> {
				CertificateSettings settings = context.getBean(CertificateSettingsList.class).find(name).orElseThrow();
				assertThat(settings.request().template().commonName()).isEqualTo("shop");
				assertThat(settings.startup().timeout()).isEqualTo(Duration.ofSeconds(7));
				assertThat(settings.storage().retain()).isEqualTo(2);
			});
	}

	@Test
	void environmentVariablesAreInheritedAndOverridden() {
		this.runner
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment",
						Map.of("KUBELET_CERT_SSL_DRAIN", "1m", "KUBELET_CERT_ADDITIONAL_B_STARTUP_TIMEOUT", "7s"))))
			.run((context) -> {
				CertificateSettings second = context.getBean(CertificateSettingsList.class).find("b").orElseThrow();
				assertThat(second.ssl().drain()).isEqualTo(Duration.ofMinutes(1));
				assertThat(second.startup().timeout()).isEqualTo(Duration.ofSeconds(7));
			});
	}

	@Test
	void valuesComeFromImportsConfigTreesAndPlaceholders(@TempDir Path directory) throws IOException {
		write(directory, "application.yml", """
				name: shop
				spring.config.import: [additional.yml, "configtree:${tree}/"]
				kubelet.cert:
				  template:
				    common-name: ${name}.${domain:example.com}
				    dns-names: ${names}
				  startup.timeout: ${timeout}
				""");
		write(directory, "additional.yml", """
				names: a.example.com,b.example.com
				kubelet.cert.additional.client.template.common-name: ${kubelet.cert.template.common-name}-client
				""");
		write(directory, "tree/timeout", "30m\n");
		write(directory, "tree/kubelet/cert/cert-dir", "/var/lib/${name}\n");
		write(directory, "tree/kubelet/cert/key/size", "384\n");
		new ApplicationContextRunner().withUserConfiguration(SettingsConfiguration.class)
			.withPropertyValues("spring.config.location=" + directory + "/", "tree=" + directory.resolve("tree"))
			.withInitializer(new ConfigDataApplicationContextInitializer())
			.run((context) -> {
				List<CertificateSettings> all = context.getBean(CertificateSettingsList.class).certificates();
				assertThat(all).extracting((settings) -> settings.request().template().commonName())
					.containsExactly("shop.example.com", "shop.example.com-client");
				assertThat(all.get(0).request().template().dnsNames()).containsExactly("a.example.com",
						"b.example.com");
				assertThat(all).allSatisfy((settings) -> {
					assertThat(settings.startup().timeout()).isEqualTo(Duration.ofMinutes(30));
					assertThat(settings.storage().certDir()).isEqualTo(Path.of("/var/lib/shop"));
					assertThat(settings.request().wanted().key().size()).isEqualTo(384);
				});
			});
	}

	@Test
	void reportHasTheValueThatIsWritten(@TempDir Path directory) throws IOException {
		write(directory, "application.yml", """
				spring.config.import: "configtree:${tree}/"
				kubelet.cert.additional.client.template.common-name: client
				""");
		write(directory, "tree/kubelet/cert/ssl/drain", "-${seconds}s\n");
		new ApplicationContextRunner().withUserConfiguration(SettingsConfiguration.class)
			.withPropertyValues("spring.config.location=" + directory + "/", "tree=" + directory.resolve("tree"),
					"seconds=90")
			.withInitializer(new ConfigDataApplicationContextInitializer())
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (mistake) -> {
					assertThat(mistake.getName()).isEqualTo("kubelet.cert.ssl.drain");
					assertThat(mistake.getValue()).isEqualTo("-90s");
				}));
	}

	/** As from {@code trust-file: ${CA:}}. */
	@Test
	void blankAlternativeReplacesNothing() {
		this.runner
			.withPropertyValues("kubelet.cert.additional.b.template.common-name=b",
					"kubelet.cert.additional.b.ssl.trust=${absent:}")
			.run((context) -> {
				CertificateSettings second = context.getBean(CertificateSettingsList.class).find("b").orElseThrow();
				assertThat(second.ssl().trusted()).isEqualTo(new Trusted(TrustKind.FILE, "/ca.pem", ""));
			});
	}

	private static void write(Path directory, String name, String content) throws IOException {
		Path file = directory.resolve(name);
		Files.createDirectories(file.getParent());
		Files.writeString(file, content);
	}

	/** Otherwise, a certificate with the name "${host}" would be requested. */
	@ParameterizedTest
	@ValueSource(strings = { "template.common-name", "cert-dir", "usages", "additional.b.template.dns-names",
			"kubernetes.kubeconfig" })
	void placeholderWithoutAValueIsReported(String property) {
		this.runner.withPropertyValues("kubelet.cert." + property + "=a-${host}")
			.run((context) -> assertThat(context.getStartupFailure())
				.hasStackTraceContaining("Failed to bind properties under 'kubelet.cert." + property)
				.rootCause()
				.hasMessageContaining("Could not resolve placeholder 'host' in value \"a-${host}\""));
	}

}
