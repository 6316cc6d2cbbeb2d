package io.kubelet.cert.sample;

import java.time.Duration;

import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.spring.EmbeddedControlPlaneInitializer;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Runs the application on an embedded control plane whose certificates live for a little
 * over a minute, so that one can watch them rotate.
 */
public final class SampleApplicationOnEmbeddedControlPlane {

	private static final Duration LIFETIME = Duration.ofSeconds(75);

	/**
	 * An open page holds its connection until the end of the drain. The certificate lives
	 * for another tenth of its lifetime after the rotation.
	 */
	private static final Duration DRAIN = LIFETIME.dividedBy(15);

	private SampleApplicationOnEmbeddedControlPlane() {
	}

	public static void main(String[] args) {
		run(args);
	}

	static ConfigurableApplicationContext run(String... args) {
		return new SpringApplicationBuilder(SampleApplication.class)
			// What was processed ahead of time is found by the application's main class
			.main(SampleApplication.class)
			.initializers(new EmbeddedControlPlaneInitializer("ClusterIssuer/internal"),
					SampleApplicationOnEmbeddedControlPlane::shorten)
			.properties("management.endpoint.certificates.access=unrestricted", "kubelet.cert.ssl.drain=" + DRAIN)
			.run(args);
	}

	private static void shorten(ConfigurableApplicationContext context) {
		context.getBeanFactory().getBean(EmbeddedControlPlane.class).behavior().certificateLifetime(LIFETIME);
	}

}
