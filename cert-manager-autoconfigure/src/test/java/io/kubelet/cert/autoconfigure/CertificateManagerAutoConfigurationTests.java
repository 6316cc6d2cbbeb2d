package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.autoconfigure.actuate.CertificateReadinessAutoConfiguration;
import io.kubelet.cert.autoconfigure.client.CertificateClientAutoConfiguration;
import io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.KubernetesApiClientAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubernetes.client.openapi.ApiClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.Mockito;

import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CertificateManagerAutoConfiguration}.
 *
 * @see CertificateManagerAutoConfiguration
 * @see OnConfiguredCertificate
 * @see CertificateReadinessAutoConfiguration
 */
@ExtendWith(OutputCaptureExtension.class)
class CertificateManagerAutoConfigurationTests {

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return CertificateContexts
			.runner(this.directory, CertificateActuatorAutoConfiguration.class,
					KubernetesApiClientAutoConfiguration.class)
			.withPropertyValues("management.endpoints.web.exposure.include=certificates");
	}

	@Test
	void byDefaultThereIsOneCertificateThatIsIssuedBeforeTheBundlesAre() {
		runner().withConfiguration(AutoConfigurations.of(TaskExecutionAutoConfiguration.class)).run((context) -> {
			CertificateManager manager = context.getBean(CertificateManager.class);
			assertThat(manager.name()).isEqualTo("kubelet-client");
			assertThat(manager.current()).isPresent();
			assertThat(context.getBean(SslBundles.class).getBundleNames()).contains("kubelet-client");
			assertThat(this.directory.resolve("pki/kubelet-client-current.pem")).isSymbolicLink();
			assertThat(context).hasSingleBean(CertificatesEndpoint.class).hasBean("certificatesHealthContributor");
			assertThat(context).doesNotHaveBean(ApiClient.class).hasBean("applicationTaskExecutor");
		});
	}

	@Test
	void lazyInitializationDoesNotKeepItFromRotating() {
		runner()
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> Awaitility.await()
				.untilAsserted(() -> assertThat(this.directory.resolve("pki/kubelet-client-current.pem")).exists()));
	}

	/** As from an environment variable without a value. */
	@ParameterizedTest
	@ValueSource(strings = { "", " ", "true", "on" })
	void enabledUnlessAValueSaysOtherwise(String value) {
		runner().withPropertyValues("kubelet.cert.enabled=" + value)
			.run((context) -> assertThat(context).hasSingleBean(CertificateManagers.class));
	}

	@Test
	void withoutAnyPropertyOrDisabledThereIsNothing(CapturedOutput output) {
		ApplicationContextRunner runner = CertificateContexts.starter(CertificateActuatorAutoConfiguration.class,
				CertificateServerAutoConfiguration.class, CertificateClientAutoConfiguration.class);
		for (String property : new String[] { "unrelated=", "kubelet.cert.enabled=false" }) {
			runner.withPropertyValues(property)
				.run((context) -> assertThat(context).hasNotFailed()
					.hasSingleBean(DefaultSslBundleRegistry.class)
					.doesNotHaveBean(CertificateManagers.class)
					.doesNotHaveBean(CertificateServerAutoConfiguration.class)
					.doesNotHaveBean(CertificateClientAutoConfiguration.class)
					.doesNotHaveBean(CertificatesEndpoint.class)
					.doesNotHaveBean("certificateBundleRegistrar"));
		}
		assertThat(output).containsOnlyOnce("No property under 'kubelet.cert' is set, so no certificate is requested")
			.contains("'kubelet.cert.signer-name'");
	}

	/**
	 * An application that needs no certificate runs in a namespace with such Services.
	 */
	@Test
	void variablesOfServicesWithItsNameAreNoProperties() {
		Map<String, Object> variables = new LinkedHashMap<>();
		for (String service : new String[] { "KUBELET_CERT", "KUBELET_CERT_APPROVER", "KUBELET_CERT_2" }) {
			variables.putAll(Map.of(service + "_SERVICE_HOST", "10.0.0.7", service + "_SERVICE_PORT", "443",
					service + "_SERVICE_PORT_HTTPS", "443", service + "_PORT", "tcp://10.0.0.7:443",
					service + "_PORT_443_TCP", "tcp://10.0.0.7:443", service + "_PORT_443_TCP_ADDR", "10.0.0.7",
					service + "_PORT_443_TCP_PORT", "443", service + "_PORT_443_TCP_PROTO", "tcp"));
		}
		environment(variables)
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(CertificateManagers.class));
		environment(Map.of("KUBELET_CERT_SIGNER_NAM", "example.com/client"))
			.run((context) -> assertThat(context).hasFailed());
	}

	private static ApplicationContextRunner environment(Map<String, Object> variables) {
		return CertificateContexts.starter()
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new SystemEnvironmentPropertySource("test-systemEnvironment", variables)));
	}

	/** As with {@code @MockitoBean} in a test of something else. */
	@Test
	void mockOfTheManagersDoesNotPreventTheStart() {
		runner().withConfiguration(AutoConfigurations.of(CertificateReadinessAutoConfiguration.class))
			.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
			.withBean(CertificateManagers.class, () -> Mockito.mock(CertificateManagers.class))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(SslBundles.class).getBundleNames()).isEmpty();
				assertThat(context.getBeanProvider(CertificateManager.class).getIfAvailable()).isNull();
			});
	}

	@Test
	void supplierBeanAloneAsksForACertificate() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class))
			.withBean(CertificateTemplateSupplier.class, () -> Optional::empty)
			.run((context) -> assertThat(StartFailures.property(context.getStartupFailure()).getName())
				.isEqualTo("kubelet.cert.signer-name"));
	}

	/** With another signer. */
	@Test
	void kubernetesClientIsOptional() {
		runner().withClassLoader(new FilteredClassLoader("io.kubernetes"))
			.run((context) -> assertThat(context.getBean(CertificateManager.class).current()).isPresent());
	}

}
