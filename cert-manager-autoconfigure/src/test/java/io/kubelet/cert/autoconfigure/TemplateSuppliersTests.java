package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Which certificate a supplier among the beans is for, or that it cannot be told.
 */
class TemplateSuppliersTests {

	@TempDir
	Path directory;

	private ApplicationContextRunner runner(Class<?>... suppliers) {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class))
			.withUserConfiguration(CertificateManagerAutoConfigurationTests.SignerConfiguration.class)
			.withUserConfiguration(suppliers)
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory, "kubelet.cert.template.common-name=fixed",
					"kubelet.cert.signer-name=example.com/app",
					"kubelet.cert.additional.serving.template.common-name=fixed",
					"kubelet.cert.additional.serving.signer-name=example.com/app");
	}

	@Test
	void onlySupplierWithoutAQualifierIsTheFirstCertificates() {
		runner(Plain.class).run((context) -> {
			awaitCommonName(context.getBean(CertificateManagers.class), "kubelet-client", "plain");
			awaitCommonName(context.getBean(CertificateManagers.class), "serving", "fixed");
		});
	}

	@Test
	void supplierIsThatOfItsQualifier() {
		runner(Plain.class, Serving.class).run((context) -> {
			awaitCommonName(context.getBean(CertificateManagers.class), "kubelet-client", "plain");
			awaitCommonName(context.getBean(CertificateManagers.class), "serving", "serving");
		});
	}

	@Test
	void supplierThatHangsDelaysOnlyItsOwnCertificate() {
		runner(Hanging.class)
			.withPropertyValues("kubelet.cert.startup.mode=background", "kubelet.cert.rotation.forced-interval=0s",
					"kubelet.cert.additional.third.template.common-name=fixed",
					"kubelet.cert.additional.third.signer-name=example.com/app")
			.run((context) -> {
				Hanging suppliers = context.getBean(Hanging.class);
				try {
					assertThat(suppliers.asked.await(120, TimeUnit.SECONDS)).isTrue();
					CertificateManagers managers = context.getBean(CertificateManagers.class);
					for (int rotation = 0; rotation < 3; rotation++) {
						assertThat(managers.get("third").rotate()).succeedsWithin(Duration.ofMinutes(2));
					}
					assertThat(managers.get("serving").current()).isEmpty();
					assertThat(managers.get("kubelet-client").current()).isEmpty();
				}
				finally {
					suppliers.released.countDown();
				}
			});
	}

	@Test
	void twoSuppliersOfOneCertificateAreReported() {
		runner(Serving.class, ServingAgain.class).run((context) -> {
			FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("'serving' has 2 CertificateTemplateSupplier beans",
					"oneForServing", "anotherForServing");
			assertThat(analysis.getAction()).contains("@Qualifier(\"<certificate name>\")",
					"[kubelet-client, serving]");
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { Plain.class, First.class })
	void twoSuppliersOfTheFirstCertificateAreReported(Class<?> supplier) {
		runner(supplier, Another.class).run((context) -> {
			FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("'kubelet-client' has 2 CertificateTemplateSupplier beans",
					"another", "without a qualifier is for the first certificate");
			assertThat(analysis.getAction()).contains("@Qualifier(\"<certificate name>\")");
		});
	}

	@Test
	void supplierWhoseQualifierIsNotACertificateIsReported() {
		runner(Misspelt.class).run((context) -> {
			FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("'misspelt' belongs to no certificate");
			assertThat(analysis.getAction()).contains("@Qualifier(\"<certificate name>\")",
					"[kubelet-client, serving]");
		});
	}

	private static void awaitCommonName(CertificateManagers managers, String certificate, String commonName) {
		Awaitility.await()
			.until(() -> managers.get(certificate).status().requested().template(),
					CertificateTemplate.ofSubject(commonName)::equals);
	}

	private static CertificateTemplateSupplier supplier(String commonName) {
		return () -> Optional.of(CertificateTemplate.ofSubject(commonName));
	}

	/** Both hang, and there are two threads for all certificates. */
	@Configuration(proxyBeanMethods = false)
	static class Hanging {

		final CountDownLatch asked = new CountDownLatch(2);

		final CountDownLatch released = new CountDownLatch(1);

		@Bean
		CertificateTemplateSupplier hanging() {
			return this::hang;
		}

		@Bean
		@Qualifier("serving")
		CertificateTemplateSupplier hangingToo() {
			return this::hang;
		}

		private Optional<CertificateTemplate> hang() {
			this.asked.countDown();
			try {
				this.released.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			return Optional.empty();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Plain {

		@Bean
		CertificateTemplateSupplier plain() {
			return supplier("plain");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Serving {

		@Bean
		@Qualifier("serving")
		CertificateTemplateSupplier oneForServing() {
			return supplier("serving");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ServingAgain {

		@Bean
		@Qualifier("serving")
		CertificateTemplateSupplier anotherForServing() {
			return supplier("serving");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Misspelt {

		@Bean
		@Qualifier("srving")
		CertificateTemplateSupplier misspelt() {
			return supplier("serving");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class First {

		@Bean("kubelet-client")
		CertificateTemplateSupplier first() {
			return supplier("first");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Another {

		@Bean
		CertificateTemplateSupplier another() {
			return supplier("another");
		}

	}

}
