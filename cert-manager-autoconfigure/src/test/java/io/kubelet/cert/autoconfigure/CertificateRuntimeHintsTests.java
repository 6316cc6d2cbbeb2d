package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.ssl.BundleSocketFactory;
import org.junit.jupiter.api.Test;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.annotation.ReflectiveRuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the hints for a native image.
 */
class CertificateRuntimeHintsTests {

	private final RuntimeHints hints = new RuntimeHints();

	/** JDBC URLs, and the environment of JNDI. */
	@Test
	void socketFactoryCanBeCreatedByItsName() throws NoSuchMethodException {
		new ReflectiveRuntimeHintsRegistrar().registerRuntimeHints(this.hints,
				CertificateManagerAutoConfiguration.class);
		assertThat(RuntimeHintsPredicates.reflection()
			.onConstructorInvocation(BundleSocketFactory.class.getConstructor(String.class))).accepts(this.hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(BundleSocketFactory.class.getMethod("getDefault"))).accepts(this.hints);
	}

}
