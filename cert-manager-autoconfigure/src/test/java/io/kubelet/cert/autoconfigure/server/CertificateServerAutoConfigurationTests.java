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

	@Test
	void protocolOfTomcatCanBeCreatedByItsNameIfItIsThere() throws NoSuchMethodException {
		RuntimeHints hints = new RuntimeHints();
		CertificateServerAutoConfiguration.ProtocolHints registrar = new CertificateServerAutoConfiguration.ProtocolHints();
		registrar.registerHints(hints, new FilteredClassLoader(DrainingNioProtocol.class));
		assertThat(hints.reflection().typeHints()).isEmpty();
		registrar.registerHints(hints, getClass().getClassLoader());
		assertThat(
				RuntimeHintsPredicates.reflection().onConstructorInvocation(DrainingNioProtocol.class.getConstructor()))
			.accepts(hints);
	}

}
