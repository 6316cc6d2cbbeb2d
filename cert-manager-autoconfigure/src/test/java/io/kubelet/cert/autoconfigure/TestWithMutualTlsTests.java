package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.spring.EmbeddedControlPlaneInitializer;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of an application that is configured for mutual TLS in its real cluster.
 *
 * @see EmbeddedControlPlaneInitializer
 */
class TestWithMutualTlsTests {

	@Test
	void configuredAuthoritiesAreThoseOfTheControlPlane() {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.NONE)
			.initializers(new EmbeddedControlPlaneInitializer("example.com/services"))
			.properties("kubelet.cert.pair-name=shop", "kubelet.cert.signer-name=example.com/services",
					"kubelet.cert.template.common-name=shop", "kubelet.cert.signer-ca-file=/etc/pki/ca.crt",
					"kubelet.cert.ssl.trust-file=/etc/pki/ca.crt", "kubelet.cert.kubernetes.context=production",
					"kubelet.cert.additional.client.signer-name=example.com/services",
					"kubelet.cert.additional.client.template.common-name=client")
			.run()) {
			assertThat(context.getBean(SslBundles.class).getBundleNames()).contains("shop", "client");
			assertThat(context.getBean(CertificateManager.class).current()).isPresent();
			assertThat(context.getBean(CertificateSettingsList.class).certificates())
				.extracting(CertificateSettings::ssl)
				.allSatisfy((ssl) -> assertThat(ssl.trusted()).singleElement().satisfies((place) -> {
					assertThat(place.kind()).isEqualTo(TrustKind.FILE);
					assertThat(Path.of(place.name())).content()
						.isEqualTo(context.getBean(EmbeddedControlPlane.class).caPem());
				}));
		}
	}

	/** It would be used until the first rotation, and nothing be requested. */
	@Test
	void pairOfTheRealApplicationIsNotUsed(@TempDir Path directory) throws IOException {
		CertificatePair real = new TestAuthority("real").pair("shop", "shop");
		Path file = Files.writeString(directory.resolve("tls.pem"), Pem.write(real));
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.NONE)
			.initializers(new EmbeddedControlPlaneInitializer("example.com/services"))
			.properties("kubelet.cert.pair-name=shop", "kubelet.cert.signer-name=example.com/services",
					"kubelet.cert.template.common-name=shop", "kubelet.cert.tls-cert-file=" + file,
					"kubelet.cert.tls-private-key-file=" + file)
			.run()) {
			assertThat(context.getBean(CertificateManager.class).current()).isPresent().get().isNotEqualTo(real);
			assertThat(context.getBean(EmbeddedControlPlane.class).count(RecordedRequest::isCreate)).isOne();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateManagerAutoConfiguration.class, SslAutoConfiguration.class,
			CertificateSslAutoConfiguration.class })
	static class Application {

	}

}
