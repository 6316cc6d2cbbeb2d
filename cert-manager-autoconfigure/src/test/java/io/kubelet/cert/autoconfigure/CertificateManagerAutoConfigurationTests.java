package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.KubernetesApiClientAutoConfiguration;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import io.kubernetes.client.openapi.ApiClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class CertificateManagerAutoConfigurationTests {

	private static final TestAuthority authority = new TestAuthority("test");

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class,
					CertificateSslAutoConfiguration.class, CertificateActuatorAutoConfiguration.class,
					KubernetesApiClientAutoConfiguration.class, SslAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory,
					"management.endpoints.web.exposure.include=certificates");
	}

	private ApplicationContextRunner runnerWithSigner() {
		return runner().withUserConfiguration(SignerConfiguration.class)
			.withPropertyValues("kubelet.cert.template.common-name=app", "kubelet.cert.signer-name=example.com/app");
	}

	@Test
	void byDefaultThereIsOneCertificateThatIsIssuedBeforeTheBundlesAre() {
		runnerWithSigner().run((context) -> {
			assertThat(context).hasNotFailed();
			CertificateManager manager = context.getBean(CertificateManager.class);
			assertThat(manager.name()).isEqualTo("kubelet-client");
			assertThat(manager.current()).isPresent();
			assertThat(context.getBean(SslBundles.class).getBundleNames()).contains("kubelet-client");
			assertThat(this.directory.resolve("kubelet-client-current.pem")).isSymbolicLink();
			assertThat(context).hasSingleBean(CertificatesEndpoint.class).hasBean("certificatesHealthContributor");
			assertThat(context).doesNotHaveBean(ApiClient.class);
		});
	}

	/** The builder of HTTP clients needs the bundles, which wait for the certificate. */
	@Test
	void listenerMayUseWhatNeedsTheBundles() {
		runnerWithSigner().withUserConfiguration(NotifyingConfiguration.class).run((context) -> {
			List<String> told = context.getBean(NotifyingConfiguration.class).told;
			Awaitility.await().untilAsserted(() -> assertThat(told).containsExactly("kubelet-client"));
			context.getBean(CertificateManager.class).rotate().join();
			Awaitility.await()
				.untilAsserted(() -> assertThat(told).containsExactly("kubelet-client", "kubelet-client"));
		});
	}

	@Test
	void executorOfTheApplicationIsStillThatOfSpringBoot() {
		runnerWithSigner().withConfiguration(AutoConfigurations.of(TaskExecutionAutoConfiguration.class))
			.run((context) -> assertThat(context).hasBean("applicationTaskExecutor"));
	}

	@Test
	void lazyInitializationDoesNotKeepItFromRotating() {
		runnerWithSigner()
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> Awaitility.await()
				.untilAsserted(() -> assertThat(this.directory.resolve("kubelet-client-current.pem")).exists()));
	}

	@Test
	void withoutAnyPropertyThereIsNothing(CapturedOutput output) {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class,
					CertificateSslAutoConfiguration.class, CertificateActuatorAutoConfiguration.class,
					SslAutoConfiguration.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(CertificateManagers.class)
				.doesNotHaveBean("certificateBundleRegistrar"));
		assertThat(output).containsOnlyOnce("No certificate is configured, so none is requested")
			.contains("'kubelet.cert.signer-name'");
	}

	@Test
	void supplierBeanAloneAsksForACertificate() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class))
			.withBean(CertificateTemplateSupplier.class, () -> Optional::empty)
			.run((context) -> assertThat(StartFailures.property(context.getStartupFailure()).getName())
				.isEqualTo("kubelet.cert.signer-name"));
	}

	@Test
	void disabledThereIsNothing() {
		runner().withPropertyValues("kubelet.cert.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(CertificateManagers.class)
				.doesNotHaveBean(CertificatesEndpoint.class)
				.doesNotHaveBean("certificateBundleRegistrar"));
	}

	@Test
	void withoutTheKubernetesClientAnApplicationBringsItsOwnSigners() {
		runnerWithSigner().withClassLoader(new FilteredClassLoader("io.kubernetes"))
			.run((context) -> assertThat(context.getBean(CertificateManager.class).current()).isPresent());
	}

	@Test
	void withoutActuatorTheCertificateIsThereAllTheSame() {
		runnerWithSigner()
			.withClassLoader(new FilteredClassLoader("org.springframework.boot.actuate",
					"org.springframework.boot.health", "io.micrometer"))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(CertificateManager.class)
				.doesNotHaveBean("certificatesEndpoint"));
	}

	@Test
	void additionalCertificatesHaveNameDirectoryAndBundleOfTheirOwn() {
		Path other = this.directory.resolve("other");
		runnerWithSigner()
			.withPropertyValues("kubelet.cert.additional.serving.signer-name=example.com/serving",
					"kubelet.cert.additional.serving.template.dns-names=a.example",
					"kubelet.cert.additional.serving.cert-dir=" + other,
					"kubelet.cert.additional.serving.ssl.bundle=web", "kubelet.cert.additional.plain.pair-name=third",
					"kubelet.cert.additional.plain.template.common-name=plain",
					"kubelet.cert.additional.plain.signer-name=example.com/app")
			.run((context) -> {
				assertThat(context.getBean(CertificateManagers.class).names())
					.containsExactlyInAnyOrder("kubelet-client", "third", "serving");
				assertThat(context.getBean(SslBundles.class).getBundleNames()).contains("kubelet-client", "web",
						"third");
				assertThat(other.resolve("serving-current.pem")).exists();
				assertThat(this.directory.resolve("third-current.pem")).exists();
				assertThat(context.getBean(CertificateManager.class).name()).isEqualTo("kubelet-client");
			});
	}

	@Test
	void rotationOffUsesWhatIsStoredAndNeverRequests() {
		Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
		TestStore.files(this.directory, "kubelet-client", null, 5, Clock.systemUTC())
			.update(authority.pair(CertificateTemplate.ofSubject("stored"), now.minusSeconds(90),
					now.plusSeconds(3600)));
		runnerWithSigner().withPropertyValues("kubelet.cert.rotate-certificates=false").run((context) -> {
			assertThat(context.getBean(CertificateManager.class).status().state()).isEqualTo(State.STATIC);
			assertThat(context.getBean(FakeSigner.class).requests).isEmpty();
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class SignerConfiguration {

		@Bean
		FakeSigner fakeSigner() {
			FakeSigner signer = new FakeSigner(authority, Clock.systemUTC());
			signer.lifetime = Duration.ofDays(1);
			return signer;
		}

		@Bean
		SignerSource signers(FakeSigner signer) {
			return (current) -> signer;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NotifyingConfiguration {

		private final List<String> told = new CopyOnWriteArrayList<>();

		@Bean
		RotationListener notifier(SslBundles bundles) {
			return new ListenerBeansTests.Rotated((name) -> {
				bundles.getBundle(name);
				this.told.add(name);
			});
		}

	}

}
