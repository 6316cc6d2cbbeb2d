package io.kubelet.cert.sample;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import org.junit.jupiter.api.Test;

import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The demonstration, started twice in a row.
 *
 * @see SampleApplication
 */
class SampleApplicationOnEmbeddedControlPlaneTests {

	@Test
	void eachRunHasItsCertificatesFromItsOwnControlPlane() {
		for (int run = 0; run < 2; run++) {
			try (ConfigurableApplicationContext context = SampleApplicationOnEmbeddedControlPlane
				.run("--server.port=0")) {
				assertThat(context.getBean(CertificateManagers.class)).extracting(CertificateManager::name)
					.containsExactly("shop");
				assertThat(context.getBean(EmbeddedControlPlane.class).count(RecordedRequest::isCreate)).isEqualTo(1);
			}
		}
	}

}
