package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificateDrainAutoConfiguration;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Signer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Startup;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.autoconfigure.ssl.KubernetesApiClientAutoConfiguration;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.rotation.engine.RotationSettings;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SettingsResolver}.
 */
class SettingsResolverTests {

	private static final Map<String, JsonNode> METADATA = Metadata.properties();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withUserConfiguration(SettingsConfiguration.class);

	/**
	 * The defaults are set at the properties. Those of the engine and of the metadata,
	 * where it is written by hand, are the same.
	 */
	@Test
	void defaultsAreThoseOfTheKubelet() {
		this.runner.run((context) -> {
			CertificateSettings settings = context.getBean(CertificateSettingsList.class).certificates().get(0);
			assertThat(settings.name()).isEqualTo("kubelet-client");
			assertThat(settings.storage())
				.isEqualTo(new CertificateSettings.Storage(Path.of("/var/lib/kubelet/pki"), null, false, 5, null));
			assertThat(settings.request().template()).isEqualTo(CertificateTemplate.ofSubject(null));
			assertThat(settings.request().wanted().key()).isEqualTo(KeySpecification.EC_P256);
			assertThat(settings.rotation()).usingRecursiveComparison()
				.ignoringFields("schedule.required")
				.isEqualTo(new CertificateSettings.Rotation(true, "kubelet.cert.rotate-certificates=true",
						RotationSettings.Schedule.KUBELET));
			assertThat(settings.rotation().schedule().required()).isTrue();
			assertThat(settings.startup()).isEqualTo(new Startup(Startup.Mode.WAIT, Duration.ofSeconds(60)));
			assertThat(settings.ssl()).isEqualTo(new CertificateSettings.Ssl("kubelet-client",
					new Trusted(TrustKind.CLUSTER, "", ""), Duration.ofHours(1), Duration.ofSeconds(30)));
			assertThat(RotationSettings.Request.of("any").key()).isEqualTo(settings.request().wanted().key());
			assertThat(defaultValue("pair-name")).isEqualTo(settings.name());
			assertThat(defaultValue("rotate-certificates")).isEqualTo(String.valueOf(settings.rotation().enabled()));
		});
	}

	/** As from {@code pair-name: ${PAIR_NAME:}}. */
	@Test
	void blankNameIsNoName() {
		List<String> names = List.of("pair-name", "signer-name", "issuer.name", "template.common-name", "ssl.bundle",
				"kubernetes.context");
		this.runner.run((plain) -> this.runner
			.withPropertyValues(names.stream().map((name) -> "kubelet.cert." + name + "=").toArray(String[]::new))
			.run((blank) -> {
				assertThat(blank.getBean(CertificateSettingsList.class).certificates())
					.usingRecursiveFieldByFieldElementComparatorIgnoringFields("properties")
					.isEqualTo(plain.getBean(CertificateSettingsList.class).certificates());
				assertThat(blank.getBean(CertificateSettingsList.class).kubernetes().context()).isNull();
			}));
	}

	@ParameterizedTest
	@ValueSource(classes = { CertificateManagerAutoConfiguration.class, KubernetesApiClientAutoConfiguration.class,
			CertificateDrainAutoConfiguration.class })
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
					profile=kubelet-client node-name=n1                                          | kubernetes.io/kube-apiserver-client-kubelet | kubelet.cert.profile
					profile=kubelet-serving node-name=n1                                         | kubernetes.io/kubelet-serving | kubelet.cert.profile
					profile=kubelet-serving node-name=n1 signer-name=a.b/c                       | a.b/c | kubelet.cert.signer-name
					template.common-name=system:node:n1 template.organizations=system:nodes      | kubernetes.io/kube-apiserver-client-kubelet | the subject of a kubelet
					template.common-name=system:node:n1 template.organizations=system:nodes template.dns-names=n1   | - | -
					template.common-name=system:node:n1 template.organizations=system:nodes addresses.source=node   | - | -
					template.common-name=system:node:n1                                          | - | -
					template.common-name=system:node:n1 template.organizations=system:nodes,more | - | -
					template.common-name=app template.organizations=system:nodes                 | - | -
					""")
	void signerIsTheConfiguredOneOrThatOfAKubelet(String properties, @Nullable String signer, @Nullable String origin) {
		ApplicationContextRunner runner = this.runner;
		for (String property : properties.split(" ")) {
			runner = runner.withPropertyValues("kubelet.cert." + property);
		}
		runner.run((context) -> assertThat(
				context.getBean(CertificateSettingsList.class).certificates().get(0).request().signer())
			.isEqualTo((signer != null) ? new Signer(signer, Objects.requireNonNull(origin), null) : null));
	}

}
