package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Signer;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SettingsResolver}.
 */
class SettingsResolverTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withUserConfiguration(SettingsConfiguration.class);

	/** The defaults are set at the properties; those of the engine are the same. */
	@Test
	void defaultsAreThoseOfTheKubelet() {
		this.runner.run((context) -> {
			CertificateSettings settings = context.getBean(CertificateSettingsList.class).certificates().get(0);
			assertThat(settings.name()).isEqualTo("kubelet-client");
			assertThat(settings.storage())
				.isEqualTo(new CertificateSettings.Storage(Path.of("/var/lib/kubelet/pki"), null, 5));
			assertThat(settings.request().template()).isEqualTo(CertificateTemplate.ofSubject(null));
			assertThat(settings.request().key()).isEqualTo(KeySpecification.EC_P256);
			assertThat(settings.rotation())
				.isEqualTo(new CertificateSettings.Rotation(true, "kubelet.cert.rotate-certificates=true",
						RotationWindow.KUBELET, Duration.ofMinutes(15), Duration.ofSeconds(10), RetrySchedule.KUBELET));
			assertThat(settings.startup()).isEqualTo(new CertificateSettings.Startup(true, Duration.ofSeconds(60)));
			assertThat(settings.ssl()).isEqualTo(new CertificateSettings.Ssl("kubelet-client", false, null, null,
					Duration.ofHours(1), Duration.ofSeconds(30)));
		});
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
			.isEqualTo((signer != null) ? new Signer(signer, Objects.requireNonNull(origin)) : null));
	}

	@Test
	void directoryThatIsAFileIsReportedAsOne(@TempDir Path directory) throws Exception {
		Path file = Files.writeString(directory.resolve("pki"), "");
		this.runner.withPropertyValues("kubelet.cert.cert-dir=" + file)
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (mistake) -> {
					assertThat(mistake.getName()).isEqualTo("kubelet.cert.cert-dir");
					assertThat(mistake.getValue()).isEqualTo(file);
					assertThat(mistake.getReason()).contains("is a file", "directory");
				}));
	}

}
