package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.ScheduledThreadPoolExecutor;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.request.CertificateRefusedException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.ssl.IsolatedSslBundles;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.JdkClientHttpRequestFactoryBuilder;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

class CertificateSslAutoConfigurationTests {

	private static final TestAuthority authority = new TestAuthority("test");

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class,
					CertificateSslRegistryAutoConfiguration.class, CertificateSslAutoConfiguration.class,
					CertificateServerAutoConfiguration.class, CertificateClientAutoConfiguration.class,
					SslAutoConfiguration.class))
			.withUserConfiguration(Signer.class)
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.template.common-name=app", "kubelet.cert.startup.timeout=10s");
	}

	@Test
	void bundleIsInARegistryWhoseHandlersAreIsolated() {
		runner().withPropertyValues("kubelet.cert.ssl.bundle=mine").run((context) -> {
			assertThat(context).hasSingleBean(SslBundles.class).hasSingleBean(IsolatedSslBundles.class);
			assertThat(context.getBean(SslBundles.class).getBundleNames()).containsExactly("mine");
		});
	}

	@Test
	void registryOfTheApplicationStays() {
		runner().withUserConfiguration(OwnRegistry.class)
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(SslBundles.class)
				.doesNotHaveBean(IsolatedSslBundles.class));
	}

	@Test
	void withoutCertificatesSpringBootIsAsItWas() {
		runner().withPropertyValues("kubelet.cert.enabled=false")
			.run((context) -> assertThat(context).hasSingleBean(DefaultSslBundleRegistry.class)
				.doesNotHaveBean(IsolatedSslBundles.class)
				.doesNotHaveBean(CertificateServerAutoConfiguration.class)
				.doesNotHaveBean(CertificateClientAutoConfiguration.class));
	}

	@Test
	void serversThatAreNotThereAreLeftAlone() {
		runner()
			.withClassLoader(new FilteredClassLoader("org.eclipse.jetty", "org.apache.catalina", "reactor.netty",
					"org.springframework.boot.tomcat", "org.springframework.boot.jetty",
					"org.springframework.boot.reactor"))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean("certificateJettyCustomizer")
				.doesNotHaveBean("certificateTomcatCustomizer")
				.doesNotHaveBean("certificateNettyCustomizer"));
		runner().run((context) -> assertThat(context).hasBean("certificateJettyCustomizer")
			.hasBean("certificateTomcatCustomizer")
			.hasBean("certificateNettyCustomizer"));
	}

	@Test
	void withoutHttpClientsNothingIsAdapted() {
		runner().withClassLoader(new FilteredClassLoader("org.springframework.boot.http.client"))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(CertificateClientAutoConfiguration.class));
	}

	@Test
	void builderOfTheApplicationIsAdapted() {
		runner().withBean(ClientHttpRequestFactoryBuilder.class, ClientHttpRequestFactoryBuilder::jdk)
			.run((context) -> assertThat(context.getBean(ClientHttpRequestFactoryBuilder.class))
				.isNotInstanceOf(JdkClientHttpRequestFactoryBuilder.class));
	}

	@Test
	void bundleNameThatIsTakenIsNamed() {
		runner()
			.withPropertyValues("kubelet.cert.ssl.bundle=taken",
					"spring.ssl.bundle.pem.taken.truststore.certificate=" + pem(authority))
			.run((context) -> assertInvalid(context.getStartupFailure(), "kubelet.cert.ssl.bundle", "taken",
					"There is an SSL bundle of this name already"));
	}

	@Test
	void trustFileThatIsMissingOrEmptyIsNamed() throws IOException {
		Path missing = this.directory.resolve("missing.crt");
		runner().withPropertyValues("kubelet.cert.ssl.trust-file=" + missing)
			.run((context) -> assertInvalid(context.getStartupFailure(), "kubelet.cert.ssl.trust-file", missing,
					"There is no file " + missing));
		Path empty = Files.createFile(this.directory.resolve("empty.crt"));
		runner().withPropertyValues("kubelet.cert.ssl.trust-file=" + empty)
			.run((context) -> assertInvalid(context.getStartupFailure(), "kubelet.cert.ssl.trust-file", empty,
					"There is no CERTIFICATE block"));
	}

	@Test
	void nothingIsFollowedWithTheSchedulerOfTheApplicationOnceTheContextIsClosed() throws IOException {
		Path file = Files.writeString(this.directory.resolve("ca.crt"), pem(authority));
		ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
		executor.setRemoveOnCancelPolicy(true);
		try {
			runner().withBean(RotationScheduler.class, () -> RotationScheduler.of(executor))
				.withPropertyValues("kubelet.cert.ssl.trust-file=" + file)
				.run((context) -> assertThat(executor.getQueue()).isNotEmpty());
			Awaitility.await().untilAsserted(() -> assertThat(executor.getQueue()).isEmpty());
		}
		finally {
			executor.shutdownNow();
		}
	}

	@Test
	void negativeDurationIsNamed() {
		runner().withPropertyValues("kubelet.cert.ssl.drain=-1s")
			.run((context) -> assertInvalid(context.getStartupFailure(), "kubelet.cert.ssl.drain", "PT-1S",
					"It must not be negative"));
		runner().withPropertyValues("kubelet.cert.ssl.trust-overlap=-1s")
			.run((context) -> assertInvalid(context.getStartupFailure(), "kubelet.cert.ssl.trust-overlap", "PT-1S",
					"It must not be negative"));
	}

	/** B1. */
	@Test
	void signerWhoseChainDoesNotLeadToTheConfiguredAuthorityIsRefusedAndTheOldPairStays() throws IOException {
		Path file = Files.writeString(this.directory.resolve("signer.crt"), pem(authority));
		runner().withPropertyValues("kubelet.cert.signer-ca-file=" + file).run((context) -> {
			CertificateManager manager = context.getBean(CertificateManager.class);
			var before = manager.current();
			assertThat(before).isPresent();
			Signer.signedBy = new TestAuthority("somebody else");
			try {
				assertThatException().isThrownBy(() -> manager.rotate().join())
					.havingCause()
					.isInstanceOf(CertificateRefusedException.class)
					.withMessageContaining("does not lead to a configured authority")
					.withMessageContaining("CN=test");
				assertThat(manager.current()).isEqualTo(before);
			}
			finally {
				Signer.signedBy = authority;
			}
		});
	}

	@Test
	void signerAuthorityFileThatIsMissingIsNamed() {
		Path missing = this.directory.resolve("missing.crt");
		runner().withPropertyValues("kubelet.cert.signer-ca-file=" + missing)
			.run((context) -> assertInvalid(context.getStartupFailure(), "kubelet.cert.signer-ca-file", missing,
					"There is no file " + missing));
	}

	private static void assertInvalid(@Nullable Throwable failure, String property, Object value, String reason) {
		assertThat(failure).rootCause().isNotNull();
		Throwable cause = failure;
		while (cause != null && !(cause instanceof InvalidConfigurationPropertyValueException)) {
			cause = cause.getCause();
		}
		assertThat(cause).isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (invalid) -> {
			assertThat(invalid.getName()).isEqualTo(property);
			assertThat(String.valueOf(invalid.getValue())).isEqualTo(String.valueOf(value));
			assertThat(invalid.getReason()).contains(reason);
		});
	}

	private static String pem(TestAuthority authority) {
		return Pem.write(java.util.List.of(authority.certificate()));
	}

	@Configuration(proxyBeanMethods = false)
	static class Signer {

		static volatile TestAuthority signedBy = authority;

		@Bean
		SignerSource signers() {
			return (current) -> new FakeSigner(signedBy, Clock.systemUTC());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnRegistry {

		@Bean
		DefaultSslBundleRegistry ownRegistry() {
			return new DefaultSslBundleRegistry();
		}

	}

}
