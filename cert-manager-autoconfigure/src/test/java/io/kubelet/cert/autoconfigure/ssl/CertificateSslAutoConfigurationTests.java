package io.kubelet.cert.autoconfigure.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.stream.Stream;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.autoconfigure.client.CertificateClientAutoConfiguration;
import io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

@ExtendWith(OutputCaptureExtension.class)
class CertificateSslAutoConfigurationTests {

	private static final TestAuthority authority = new TestAuthority("test");

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class,
					CertificateSslAutoConfiguration.class, CertificateServerAutoConfiguration.class,
					CertificateClientAutoConfiguration.class, SslAutoConfiguration.class))
			.withUserConfiguration(Signer.class)
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.template.common-name=app", "kubelet.cert.signer-name=example.com/app",
					"kubelet.cert.startup.timeout=10s");
	}

	@Test
	void bundleIsInTheRegistryOfSpringBoot() {
		runner().withPropertyValues("kubelet.cert.ssl.bundle=mine").run((context) -> {
			assertThat(context).hasSingleBean(SslBundles.class).hasSingleBean(DefaultSslBundleRegistry.class);
			assertThat(context.getBean(SslBundles.class).getBundleNames()).containsExactly("mine");
		});
	}

	@Test
	void firstCertificateIsWaitedForAsLongAsTheLogSays(CapturedOutput output) {
		String waiting = "There is no valid certificate yet: waiting up to 1m for it";
		FakeSigner signer = new FakeSigner(authority, Clock.systemUTC());
		signer.issues((request) -> {
			Awaitility.await().until(() -> output.getOut().contains(waiting));
			return signer.issue(request);
		});
		runner().withAllowBeanDefinitionOverriding(true)
			.withBean("signers", SignerSource.class, () -> (current) -> signer)
			.withPropertyValues("kubelet.cert.startup.timeout=1m")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(signer.requests).hasSize(1);
		assertThat(output).contains(waiting);
	}

	@Test
	void registryOfTheApplicationStays() {
		runner().withUserConfiguration(OwnRegistry.class)
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(SslBundles.class)
				.doesNotHaveBean("sslBundleRegistry"));
	}

	@Test
	void withoutCertificatesSpringBootIsAsItWas() {
		runner().withPropertyValues("kubelet.cert.enabled=false")
			.run((context) -> assertThat(context).hasSingleBean(DefaultSslBundleRegistry.class)
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
	void bundleNameThatIsTakenIsNamed() {
		runner()
			.withPropertyValues("kubelet.cert.ssl.bundle=taken",
					"spring.ssl.bundle.pem.taken.truststore.certificate=" + pem(authority))
			.run((context) -> assertInvalid(context.getStartupFailure(), "kubelet.cert.ssl.bundle", "taken",
					"There is an SSL bundle of this name already"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "kubelet.cert.ssl.trust-file", "kubelet.cert.signer-ca-file" })
	void fileThatIsMissingOrEmptyIsNamed(String property) throws IOException {
		Path missing = this.directory.resolve("missing.crt");
		runner().withPropertyValues(property + "=" + missing)
			.run((context) -> assertInvalid(context.getStartupFailure(), property, missing,
					"There is no file " + missing));
		Path empty = Files.createFile(this.directory.resolve("empty.crt"));
		runner().withPropertyValues(property + "=" + empty)
			.run((context) -> assertInvalid(context.getStartupFailure(), property, empty,
					"There is no CERTIFICATE block"));
	}

	/** Never silently those of the JDK. */
	@Test
	void withoutAnApiServerNobodyIsTrustedUnlessAPropertyNamesAnAuthority(CapturedOutput output) {
		runner().run((context) -> {
			assertThat(trusted(context, "kubelet-client")).isEmpty();
			assertThat(output)
				.containsOnlyOnce("No API server is configured, so the SSL bundle 'kubelet-client' trusts nobody");
			assertThat(output).contains("set 'kubelet.cert.ssl.trust-file' to a PEM file that contains them, "
					+ "or set 'kubelet.cert.ssl.trust' to 'system'");
		});
		runner().withPropertyValues("kubelet.cert.ssl.trust=system")
			.run((context) -> assertThat(trusted(context, "kubelet-client")).hasSizeGreaterThan(1));
	}

	@Test
	void managerOfTheApplicationOfWhichThePropertiesSayNothingTrustsNobody(CapturedOutput output) throws IOException {
		ApplicationContextRunner runner = runner().withBean(CertificateManagers.class,
				() -> new CertificateManagers(List.of(ownManager())));
		runner.run((context) -> {
			assertThat(trusted(context, "own")).isEmpty();
			assertThat(output)
				.containsOnlyOnce("The application's own CertificateManagers bean provides no certificate "
						+ "authority, so the SSL bundle 'own' trusts nobody");
			assertThat(output)
				.contains("set 'kubelet.cert.additional.own.ssl.trust-file' to a PEM file that contains them, "
						+ "or set 'kubelet.cert.additional.own.ssl.trust' to 'system'");
		});
		Path file = Files.writeString(this.directory.resolve("ca.crt"), pem(authority));
		runner.withPropertyValues("kubelet.cert.additional.own.ssl.trust-file=" + file)
			.run((context) -> assertThat(trusted(context, "own")).containsExactly("CN=test"));
		runner.withPropertyValues("kubelet.cert.additional.own.ssl.trust=system")
			.run((context) -> assertThat(trusted(context, "own")).hasSizeGreaterThan(1));
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
					.returns(Kind.REFUSED, Kind::of)
					.withMessageContaining("does not lead to a configured authority")
					.withMessageContaining("CN=test");
				assertThat(manager.current()).isEqualTo(before);
			}
			finally {
				Signer.signedBy = authority;
			}
		});
	}

	private static void assertInvalid(@Nullable Throwable failure, String property, Object value, String reason) {
		InvalidConfigurationPropertyValueException invalid = StartFailures.property(failure);
		assertThat(invalid.getName()).isEqualTo(property);
		assertThat(String.valueOf(invalid.getValue())).isEqualTo(String.valueOf(value));
		assertThat(invalid.getReason()).contains(reason);
	}

	/** Whom the managers of the bundle trust. */
	private static List<String> trusted(AssertableApplicationContext context, String bundle) {
		X509TrustManager trust = (X509TrustManager) context.getBean(SslBundles.class)
			.getBundle(bundle)
			.getManagers()
			.getTrustManagers()[0];
		return Stream.of(trust.getAcceptedIssuers())
			.map((issuer) -> issuer.getSubjectX500Principal().getName())
			.toList();
	}

	private static CertificateManager ownManager() {
		ManagerFixture fixture = new ManagerFixture();
		fixture.store.pair = authority.pair(ManagerFixture.TEMPLATE, Instant.now(), Instant.now().plusSeconds(600));
		CertificateManager manager = new CertificateManagerBuilder("own").store(fixture.store)
			.scheduler(fixture.time)
			.template(ManagerFixture.TEMPLATE)
			.signerName("example.com/own")
			.usages(List.of(Usage.CLIENT_AUTH))
			.build();
		manager.start();
		return manager;
	}

	private static String pem(TestAuthority authority) {
		return Pem.write(List.of(authority.certificate()));
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
