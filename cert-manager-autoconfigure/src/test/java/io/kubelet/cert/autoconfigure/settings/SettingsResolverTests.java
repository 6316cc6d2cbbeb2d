package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.client.CertificateOtlpAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificateDrainAutoConfiguration;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Request;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Startup;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.autoconfigure.ssl.KubernetesApiClientAutoConfiguration;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.rotation.engine.RotationSettings;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SettingsResolver}.
 *
 * @see SettingsResolver
 * @see CertificateSettings
 */
@ExtendWith(OutputCaptureExtension.class)
class SettingsResolverTests {

	private static final Map<String, JsonNode> METADATA = Metadata.properties();

	/**
	 * The defaults are set at the properties. Those of the engine and of the metadata,
	 * where it is written by hand, are the same.
	 */
	@Test
	void defaultsAreThoseOfTheKubelet() {
		CertificateSettings settings = TestSettings.first();
		assertThat(settings.name()).isEqualTo("kubelet-client");
		assertThat(settings.storage())
			.isEqualTo(new CertificateSettings.Storage(Path.of("/var/lib/kubelet/pki"), null, false, 5, null));
		assertThat(settings.request().template()).isEqualTo(CertificateTemplate.ofSubject(null));
		assertThat(settings.request().requested().key()).isEqualTo(KeySpecification.EC_P256);
		assertThat(settings.rotation()).usingRecursiveComparison()
			.ignoringFields("schedule.required")
			.isEqualTo(new CertificateSettings.Rotation(true, "kubelet.cert.rotate-certificates=true",
					RotationSettings.Schedule.KUBELET));
		assertThat(settings.rotation().schedule().required()).isTrue();
		assertThat(settings.startup()).isEqualTo(new Startup(Startup.Mode.WAIT, Duration.ofSeconds(60)));
		assertThat(settings.ssl()).isEqualTo(new CertificateSettings.Ssl("kubelet-client",
				List.of(new Trusted(TrustKind.CLUSTER, "ssl.trust", "cluster", "")), Duration.ofHours(1),
				PeerRules.NONE, Duration.ofSeconds(30), SslOptions.NONE));
		assertThat(RotationSettings.Request.of(Signer.of("any")).key()).isEqualTo(settings.request().requested().key());
		assertThat(defaultValue("enabled")).isEqualTo("true");
		assertThat(defaultValue("pair-name")).isEqualTo(settings.name());
		assertThat(defaultValue("rotate-certificates")).isEqualTo(String.valueOf(settings.rotation().enabled()));
	}

	/** As from {@code pair-name: ${PAIR_NAME:}}. */
	@Test
	void blankNameIsNoName() {
		CertificateSettingsList blank = TestSettings
			.of("pair-name=;signer-name=;issuer.name=;template.common-name=;ssl.bundle=;kubernetes.context=;enabled=;drain.grpc=;drain.hikari=;drain.otlp=");
		assertThat(blank.certificates()).usingRecursiveFieldByFieldElementComparatorIgnoringFields("properties")
			.isEqualTo(TestSettings.of().certificates());
		assertThat(blank.kubernetes().context()).isNull();
	}

	/**
	 * Otherwise, the default would be a surprise: a name, or the directory of a kubelet.
	 */
	@Test
	void blankValuesAreLoggedOnce(CapturedOutput output) {
		new ApplicationContextRunner().withUserConfiguration(SettingsConfiguration.class)
			.withPropertyValues("kubelet.cert.pair-name=", "kubelet.cert.cert-dir=${DIRECTORY:}",
					"kubelet.cert.store.retain=3")
			.run((context) -> assertThat(output).containsOnlyOnce("Properties with a blank value count as not set: "
					+ "'kubelet.cert.cert-dir=${DIRECTORY:}' (\"kubelet.cert.cert-dir\" from property source \"test\"), "
					+ "'kubelet.cert.pair-name' (\"kubelet.cert.pair-name\" from property source \"test\")"));
	}

	/** As from a key in YAML after which the value, or the next level, is missing. */
	@ParameterizedTest
	@ValueSource(strings = { "issuer", "template", "additional", "additional.client", "additional.client.template",
			"ssl.trust-bundle" })
	void blankGroupIsLogged(String group, CapturedOutput output) {
		new ApplicationContextRunner().withUserConfiguration(SettingsConfiguration.class)
			.withPropertyValues("kubelet.cert." + group + "=", "kubelet.cert.template.common-name=a")
			.run((context) -> {
				// Spring Boot 4.0 refuses a group without properties
				if (SpringBootVersion.getVersion().startsWith("4.0.") && !group.equals("template")) {
					assertThat(context).getFailure().hasStackTraceContaining("kubelet.cert." + group);
				}
				else {
					assertThat(output)
						.contains("Properties with a blank value count as not set: 'kubelet.cert." + group + "' ");
				}
			});
	}

	@ParameterizedTest
	@ValueSource(classes = { KubernetesApiClientAutoConfiguration.class, CertificateDrainAutoConfiguration.class,
			CertificateOtlpAutoConfiguration.class })
	void conditionsHaveTheDefaultsOfTheirProperties(Class<?> configuration) {
		assertThat(Stream.concat(Stream.of(configuration), Stream.of(configuration.getDeclaredClasses()))
			.map((type) -> type.getAnnotation(ConditionalOnBooleanProperty.class))
			.filter(Objects::nonNull)).isNotEmpty().allSatisfy((condition) -> {
				String[] names = (condition.name().length > 0) ? condition.name() : condition.value();
				assertThat(names).hasSize(1)
					.extracting((name) -> defaultValue(name.substring(PropertyNames.PREFIX.length() + 1)))
					.containsExactly(String.valueOf(condition.matchIfMissing()));
			});
	}

	private static String defaultValue(String property) {
		return Metadata.defaultValue(Objects.requireNonNull(METADATA.get(property)));
	}

	@ParameterizedTest(name = "{0}: {1} ({2})")
	@CsvSource(delimiter = '|', nullValues = "-",
			textBlock = """
					signer-name=example.com/a                                                    | example.com/a | kubelet.cert.signer-name
					profile=kubelet-client;node-name=n1                                          | kubernetes.io/kube-apiserver-client-kubelet | kubelet.cert.profile
					profile=kubelet-serving;node-name=n1                                         | kubernetes.io/kubelet-serving | kubelet.cert.profile
					profile=kubelet-serving;node-name=n1;signer-name=a.b/c                       | a.b/c | kubelet.cert.signer-name
					template.common-name=system:node:n1;template.organizations=system:nodes      | kubernetes.io/kube-apiserver-client-kubelet | the subject of a kubelet
					template.common-name=system:node:n1;template.organizations=system:nodes;template.dns-names=n1   | - | -
					template.common-name=system:node:n1;template.organizations=system:nodes;addresses.source=node   | - | -
					template.common-name=system:node:n1                                          | - | -
					template.common-name=system:node:n1;template.organizations=system:nodes,more | - | -
					template.common-name=app;template.organizations=system:nodes                 | - | -
					""")
	void signerIsTheConfiguredOneOrThatOfAKubelet(String properties, @Nullable String signer, @Nullable String origin) {
		RotationSettings.Request wanted = TestSettings.first(properties).request().requested();
		assertThat(wanted.signerOrigin()).isEqualTo(origin);
		if (signer != null) {
			assertThat(wanted.signer()).hasToString(signer);
		}
	}

	@Test
	void propertiesThatAreSetTakePrecedenceOverTheProfile() {
		CertificateSettings settings = TestSettings.named("mine",
				"profile=kubelet-client;node-name=n1;pair-name=mine;template.common-name=someone;template.organizations=some");
		assertThat(settings.request().template()).isEqualTo(CertificateTemplate.ofSubject("someone", "some"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', nullValues = "-",
			textBlock = """
					ssl.trust=issuer | Issuer/internal | Issuer | cert-manager.io | - | -
					issuer.kind=Cloud;issuer.group=example.com;issuer.namespace=shop;issuer.annotations.[example.com/template]=web \
					| Cloud.example.com/internal | Cloud | example.com | shop | web
					""")
	void issuerHasTheDefaultsOfCertManagerUnlessTheyAreSet(String properties, String signerName, String kind,
			String group, @Nullable String namespace, @Nullable String annotation) {
		Request request = TestSettings.first("issuer.name=internal;requested-lifetime=1m", properties).request();
		assertThat(request.requested().signer()).hasToString(signerName);
		assertThat(request.requested().signerOrigin()).isEqualTo("kubelet.cert.issuer.name");
		Signer.Issuer reference = new Signer.Issuer(kind, "internal", group);
		assertThat(request.requested().signer()).isEqualTo(reference);
		assertThat(request.issuer()).isEqualTo(new Issuer(reference, namespace,
				(annotation != null) ? Map.of("example.com/template", annotation) : Map.of()));
	}

	@ParameterizedTest
	@CsvSource({ "template.common-name=b, ClusterIssuer/internal, true", "issuer.name=own, Issuer/own, true",
			"issuer.name=own;additional.b.issuer.kind=ClusterIssuer, ClusterIssuer/own, true",
			"signer-name=a.b/c, a.b/c, false",
			"profile=kubelet-client, kubernetes.io/kube-apiserver-client-kubelet, false" })
	void additionalCertificateInheritsTheIssuerUnlessItNamesItsOwnOrHasASigner(String property, String signer,
			boolean issuer) {
		Request request = TestSettings
			.named("b",
					"issuer.name=internal;issuer.kind=ClusterIssuer;node-name=n1;additional.b." + property
							+ ";additional.b.pair-name=b")
			.request();
		assertThat(request.requested().signer()).hasToString(signer);
		assertThat(request.issuer() != null).isEqualTo(issuer);
	}

	/** There is a copy where a directory is set. */
	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|', nullValues = "-", textBlock = """
			store.type=file                                         | -
			store.type=secret                                       | -/shop/false
			store.type=secret;store.secret=shop-tls                 | -/shop-tls/false
			store.type=secret;store.secret=kubelet-client           | -/kubelet-client/false
			store.type=secret;store.secret=web/a.b                  | web/a.b/false
			store.type=secret;store.secret=                         | -/shop/false
			store.type=secret;cert-dir=target                       | -/shop/true
			store.type=secret;cert-dir=target;store.copy=false      | -/shop/false
			store.type=secret;store.copy=true                       | -/shop/true
			""")
	void secretHasTheNameOfThePairByDefault(String properties, @Nullable String secret) {
		String[] parts = (secret != null) ? secret.split("/") : new String[0];
		assertThat(TestSettings.named("shop", "pair-name=shop", properties).storage().secret())
			.isEqualTo((secret != null)
					? new SharedSecret(parts[0].equals("-") ? null : parts[0], parts[1], Boolean.parseBoolean(parts[2]))
					: null);
	}

	@Test
	void additionalCertificateInheritsTheTypeButNotTheSecret() {
		CertificateSettingsList settings = TestSettings.of("store.type=secret;store.secret=shop-tls",
				"additional.client.template.common-name=client;additional.own.store.type=file");
		assertThat(settings.find("client").orElseThrow().storage().secret()).hasToString("Secret client");
		assertThat(settings.find("own").orElseThrow().storage().secret()).isNull();
	}

}
