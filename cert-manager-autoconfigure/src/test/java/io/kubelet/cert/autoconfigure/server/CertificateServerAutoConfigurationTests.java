package io.kubelet.cert.autoconfigure.server;

import org.junit.jupiter.api.Test;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.test.context.FilteredClassLoader;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the hints of {@link CertificateServerAutoConfiguration}.
 */
class CertificateServerAutoConfigurationTests {

	private final RuntimeHints hints = new RuntimeHints();

	@Test
	void protocolOfTomcatCanBeCreatedByItsName() throws NoSuchMethodException {
		new CertificateServerAutoConfiguration.ProtocolHints().registerHints(this.hints, getClass().getClassLoader());
		assertThat(
				RuntimeHintsPredicates.reflection().onConstructorInvocation(DrainingNioProtocol.class.getConstructor()))
			.accepts(this.hints);
	}

	@Test
	void thereIsNoHintWithoutTheProtocol() {
		new CertificateServerAutoConfiguration.ProtocolHints().registerHints(this.hints,
				new FilteredClassLoader(DrainingNioProtocol.class));
		assertThat(this.hints.reflection().typeHints()).isEmpty();
	}

}
