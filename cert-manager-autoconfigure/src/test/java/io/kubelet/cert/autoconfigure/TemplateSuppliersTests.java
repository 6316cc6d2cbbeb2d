package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.testsupport.CertificateContexts;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Which certificate a supplier among the beans is for, or that it cannot be told.
 *
 * @see TemplateSuppliers
 */
class TemplateSuppliersTests {

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return CertificateContexts.runner(this.directory)
			.withPropertyValues("kubelet.cert.rotation.forced-interval=0s",
					"kubelet.cert.additional.serving.template.common-name=app",
					"kubelet.cert.additional.serving.signer-name=example.com/app",
					"kubelet.cert.additional.third.template.common-name=app",
					"kubelet.cert.additional.third.signer-name=example.com/app");
	}

	@Test
	void supplierWithoutAQualifierIsTheFirstCertificates() {
		plain("plain")
			.run((context) -> assertCommonNames(context.getBean(CertificateManagers.class), "plain", "app", "app"));
	}

	@Test
	void supplierIsThatOfItsQualifier() {
		plain("plain").withBean("other", Serving.class)
			.run((context) -> assertCommonNames(context.getBean(CertificateManagers.class), "plain", "serving", "app"));
	}

	/** As one with {@code @RefreshScope}. */
	@Test
	void supplierWithAScopedProxyCountsOnce() {
		runner().withUserConfiguration(Scoped.class)
			.run((context) -> assertCommonNames(context.getBean(CertificateManagers.class), "app", "serving", "app"));
	}

	@Test
	void twoSuppliersOfOneCertificateAreReported() {
		assertReported(runner().withBean("one", Serving.class).withBean("another", Serving.class),
				"'serving' has more than one CertificateTemplateSupplier bean: 'one' and 'another'");
		for (String name : new String[] { "plain", "kubelet-client" }) {
			assertReported(plain(name).withBean("another", CertificateTemplateSupplier.class, () -> Optional::empty),
					"'kubelet-client' has more than one CertificateTemplateSupplier bean: '%s' and 'another'"
						.formatted(name));
		}
	}

	@Test
	void supplierWhoseQualifierIsNotACertificateIsReported() {
		assertReported(runner().withBean("misspelt", Misspelt.class), "'misspelt' belongs to no certificate");
	}

	@Test
	void addressesThatASupplierWouldReplaceAreReported() {
		plain("plain").withPropertyValues("kubelet.cert.addresses.source=pod")
			.run((context) -> assertThat(StartFailures.property(context.getStartupFailure())).hasMessageStartingWith(
					"Property kubelet.cert.addresses.source with value 'pod' is invalid: The CertificateTemplateSupplier bean of certificate 'kubelet-client' supplies all of its names"));
		plain("plain").withPropertyValues("kubelet.cert.additional.serving.addresses.source=pod")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	private ApplicationContextRunner plain(String name) {
		return runner().withBean(name, CertificateTemplateSupplier.class,
				() -> () -> Optional.of(CertificateTemplate.ofSubject("plain")));
	}

	private static void assertReported(ApplicationContextRunner runner, String problem) {
		runner.run((context) -> {
			FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains(problem);
			assertThat(analysis.getAction()).contains("@Qualifier(\"<certificate name>\")",
					"[kubelet-client, serving, third]");
		});
	}

	private static void assertCommonNames(CertificateManagers managers, String... commonNames) {
		Awaitility.await()
			.untilAsserted(() -> assertThat(managers).map((manager) -> manager.status().requested().template())
				.map((template) -> (template != null) ? template.commonName() : null)
				.containsExactly(commonNames));
	}

	@Qualifier("serving")
	static class Serving implements CertificateTemplateSupplier {

		@Override
		public Optional<CertificateTemplate> get() {
			return Optional.of(CertificateTemplate.ofSubject("serving"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Scoped {

		@Bean
		@Qualifier("serving")
		@Scope(scopeName = "prototype", proxyMode = ScopedProxyMode.TARGET_CLASS)
		Serving scoped() {
			return new Serving();
		}

	}

	@Qualifier("srving")
	static class Misspelt extends Serving {

	}

}
