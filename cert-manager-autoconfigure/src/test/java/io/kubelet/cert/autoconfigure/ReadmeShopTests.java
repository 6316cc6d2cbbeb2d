package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.spring.EnableEmbeddedControlPlane;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.ContextConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application of the README with its configuration, in the test of the guide.
 */
@SpringBootTest
@DirtiesContext
@EnableEmbeddedControlPlane(signers = "ClusterIssuer/internal")
@ContextConfiguration(initializers = ReadmeShopTests.Configured.class)
class ReadmeShopTests {

	@Autowired
	EmbeddedControlPlane controlPlane;

	@Autowired
	CertificateManager manager;

	/** The directory of the application is not used. */
	@Test
	void certificateIsIssuedByTheIssuerThatTheGuideNames(@Value("${kubelet.cert.cert-dir}") Path directory)
			throws IOException {
		assertThat(this.manager.name()).isEqualTo("shop");
		assertThat(this.manager.status().requested().signerName()).isEqualTo("ClusterIssuer/internal");
		assertThat(CertificateTemplate.of(this.manager.current().orElseThrow().leaf()).dnsNames())
			.containsExactly("shop.shop.svc");
		assertThat(this.manager.status().requested().usages()).containsExactly(Usage.DIGITAL_SIGNATURE,
				Usage.SERVER_AUTH);
		assertThat(this.controlPlane.count(RecordedRequest::isCreate)).isOne();
		assertThat(Path.of("/var/run/shop/pki")).doesNotExist();
		assertThat(directory.resolve("shop-current.pem")).exists();
		assertThat(read("docs/how-to/test.md"))
			.contains("@EnableEmbeddedControlPlane(signers = \"ClusterIssuer/internal\")");
	}

	private static String read(String document) throws IOException {
		return Files.readString(Path.of("..", document));
	}

	/** Adds the first YAML of the README. */
	static class Configured implements ApplicationContextInitializer<ConfigurableApplicationContext> {

		@Override
		public void initialize(ConfigurableApplicationContext context) {
			try {
				String yaml = read("README.md").split("```yaml\n")[1].split("```")[0];
				new YamlPropertySourceLoader()
					.load("readme", new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)))
					.forEach(context.getEnvironment().getPropertySources()::addLast);
			}
			catch (IOException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateManagerAutoConfiguration.class, SslAutoConfiguration.class,
			CertificateSslAutoConfiguration.class })
	static class Application {

	}

}
