package io.kubelet.cert.autoconfigure.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Stream;

import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.autoconfigure.client.CertificateClientAutoConfiguration;
import io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.BundleSocketFactory;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CertificateSslAutoConfiguration}.
 *
 * @see CertificateSslAutoConfiguration
 * @see CertificateBundleRegistrar
 * @see TrustedAuthorities
 */
@ExtendWith(OutputCaptureExtension.class)
class CertificateSslAutoConfigurationTests {

	private static final List<String> SERVERS = List.of("certificateJettyCustomizer", "certificateTomcatCustomizer",
			"certificateNettyCustomizer");

	@TempDir
	Path directory;

	private Path file;

	private ApplicationContextRunner runner;

	@BeforeEach
	void prepare() throws IOException {
		this.file = Files.writeString(this.directory.resolve("ca.crt"),
				Pem.write(List.of(CertificateContexts.authority.certificate())));
		this.runner = CertificateContexts.runner(this.directory, CertificateServerAutoConfiguration.class,
				CertificateClientAutoConfiguration.class);
	}

	@Test
	void bundleIsInTheRegistryOfSpringBoot() {
		this.runner.withPropertyValues("kubelet.cert.ssl.bundle=mine").run((context) -> {
			assertThat(context).hasSingleBean(SslBundles.class).hasSingleBean(DefaultSslBundleRegistry.class);
			assertThat(context.getBean(SslBundles.class).getBundleNames()).containsExactly("mine");
			assertThat(context.getBeanDefinitionNames()).containsAll(SERVERS);
			assertThat(new BundleSocketFactory("mine")).isNotNull();
		});
		assertThatIllegalArgumentException().as("closed").isThrownBy(() -> new BundleSocketFactory("mine"));
		this.runner.withBean("ownRegistry", DefaultSslBundleRegistry.class)
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(SslBundles.class)
				.doesNotHaveBean("sslBundleRegistry"));
	}

	/** What concerns the bundle is reported before the wait for a certificate. */
	@ParameterizedTest
	@CsvSource({ "ssl.bundle, taken, There is an SSL bundle of this name already",
			"ssl.trust-file, missing.crt, There is no file", "ssl.trust-file, empty.crt, There is no CERTIFICATE block",
			"signer-ca-file, missing.crt, There is no file",
			"signer-ca-file, empty.crt, There is no CERTIFICATE block" })
	void valueThatCannotBeUsedIsNamed(String property, String value, String reason) throws IOException {
		Files.createFile(this.directory.resolve("empty.crt"));
		String used = property.endsWith("file") ? this.directory.resolve(value).toString() : value;
		this.runner
			.withPropertyValues("spring.ssl.bundle.pem.taken.truststore.certificate=" + this.file,
					"kubelet.cert.rotate-certificates=" + !property.startsWith("ssl."),
					"kubelet.cert." + property + "=" + used)
			.run((context) -> {
				InvalidConfigurationPropertyValueException invalid = StartFailures
					.property(context.getStartupFailure());
				assertThat(invalid.getName()).isEqualTo("kubelet.cert." + property);
				assertThat(invalid.getValue()).hasToString(used);
				assertThat(invalid.getReason()).contains(reason);
			});
	}

	/**
	 * Never silently those of the JDK. The application's own manager is not described.
	 */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			false | kubelet-client | kubelet.cert | No API server is configured
			true | test | kubelet.cert.additional.test | CertificateManagers bean provides no certificate authority
			""")
	void nobodyIsTrustedUnlessAPropertyNamesAnAuthority(boolean own, String bundle, String prefix, String reason,
			CapturedOutput output) {
		ApplicationContextRunner runner = own
				? this.runner.withBean(CertificateManagers.class,
						() -> new CertificateManagers(List.of(new FixedManager(CertificateContexts.authority))))
				: this.runner;
		runner.run((context) -> {
			assertThat(trusted(context, bundle)).isEmpty();
			assertThat(output).containsOnlyOnce("%s, so the SSL bundle '%s' trusts nobody".formatted(reason, bundle))
				.contains(
						"set '%1$s.ssl.trust-file' to a PEM file that contains them, or set '%1$s.ssl.trust' to 'system'"
							.formatted(prefix));
		});
		runner.withPropertyValues(prefix + ".ssl.trust-file=" + this.file)
			.run((context) -> assertThat(trusted(context, bundle)).containsExactly("CN=test"));
		runner.withPropertyValues(prefix + ".ssl.trust=system")
			.run((context) -> assertThat(trusted(context, bundle)).hasSizeGreaterThan(1));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
			test | 1 ('CN=test') | 0
			a,b,c,d | 4 ('CN=a', 'CN=b', 'CN=c', ...) | 1
			""")
	void authoritiesAreLoggedWithAWarningIfTheCertificateLeadsToNoneOfThem(String names, String authorities,
			int warnings, CapturedOutput output) throws IOException {
		Files.writeString(this.file,
				Pem.write(Stream.of(names.split(","))
					.map((name) -> name.equals("test") ? CertificateContexts.authority : new TestAuthority(name))
					.map(TestAuthority::certificate)
					.toList()));
		this.runner.withPropertyValues("kubelet.cert.ssl.trust-file=" + this.file)
			.run((context) -> assertThat(output)
				.containsOnlyOnce(
						"[kubelet-client] Certificate authorities that the SSL bundle 'kubelet-client' trusts: "
								+ authorities + ", from kubelet.cert.ssl.trust-file")
				.satisfies((log) -> assertThat(log.toString()
					.split("does not lead to an authority that the SSL bundle 'kubelet-client' trusts", -1))
					.hasSize(1 + warnings)));
	}

	@Test
	void authorityThatHasExpiredIsNamedWithTheDateInPlaceOfTheSigner(CapturedOutput output) throws IOException {
		Instant end = Instant.now().truncatedTo(ChronoUnit.SECONDS).minusSeconds(60);
		TestAuthority expired = new TestAuthority("root").intermediate("expired", end.minusSeconds(60), end);
		TestStore.files(this.directory.resolve("pki"), "kubelet-client", null, 5, Clock.systemUTC())
			.update(expired.pair("app"));
		Files.writeString(this.file, Pem.write(List.of(expired.certificate())));
		this.runner.withPropertyValues("kubelet.cert.ssl.trust-file=" + this.file).run((context) -> {
			assertThat(output).doesNotContain("does not lead to an authority")
				.contains("[kubelet-client] In 'kubelet.cert.ssl.trust-file', the authority 'CN=expired' expired at "
						+ end + ", and it is ");
			// The JDK does not look at the validity of an authority
			X509TrustManager trust = (X509TrustManager) context.getBean(SslBundles.class)
				.getBundle("kubelet-client")
				.getManagers()
				.getTrustManagers()[0];
			trust.checkClientTrusted(new X509Certificate[] { expired.pair("client").leaf() }, "EC");
		});
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

}
