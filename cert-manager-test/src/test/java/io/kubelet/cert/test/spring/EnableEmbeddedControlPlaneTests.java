package io.kubelet.cert.test.spring;

import java.nio.file.Path;

import io.kubelet.cert.test.EmbeddedControlPlane;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EnableEmbeddedControlPlane}.
 *
 * @see EnableEmbeddedControlPlane
 * @see EmbeddedControlPlaneRegistration
 */
@SpringJUnitConfig
@EnableEmbeddedControlPlane
class EnableEmbeddedControlPlaneTests {

	@Test
	void contextHasControlPlaneAndItsKubeconfig(@Autowired EmbeddedControlPlane controlPlane,
			@Value("${kubelet.cert.kubernetes.kubeconfig}") Path kubeconfig) {
		assertThat(kubeconfig).content()
			.isEqualTo(controlPlane.kubeconfig(controlPlane.bootstrap()))
			.contains(controlPlane.url());
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

	}

}
