package io.kubelet.cert.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;

import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.spring.EmbeddedControlPlaneInitializer;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.StringUtils;

/**
 * Runs the application on an embedded control plane whose certificates live for a little
 * over a minute, so that one can watch them rotate. The pairs are kept in a new
 * directory: another control plane's are of no use to this one.
 */
public final class SampleApplicationOnEmbeddedControlPlane {

	private static final Duration LIFETIME = Duration.ofSeconds(75);

	private SampleApplicationOnEmbeddedControlPlane() {
	}

	public static void main(String[] args) throws IOException {
		run(args);
	}

	/** An argument, since the application's own file names a directory too. */
	static ConfigurableApplicationContext run(String... args) throws IOException {
		return new SpringApplicationBuilder(SampleApplication.class)
			.initializers(new EmbeddedControlPlaneInitializer(), SampleApplicationOnEmbeddedControlPlane::shorten)
			.run(StringUtils.addStringToArray(args,
					"--kubelet.cert.cert-dir=" + Files.createTempDirectory("sample-app-pki")));
	}

	private static void shorten(ConfigurableApplicationContext context) {
		context.getBeanFactory().getBean(EmbeddedControlPlane.class).behavior().certificateLifetime(LIFETIME);
	}

}
