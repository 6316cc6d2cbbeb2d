package io.kubelet.cert.autoconfigure;

import java.util.List;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.actuate.PeersDescriptor;
import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration;
import io.kubelet.cert.autoconfigure.server.DrainingNioProtocol;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.ssl.BundleSocketFactory;
import org.junit.jupiter.api.Test;

import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.GenerationContext;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.javapoet.ClassName;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the hints for a native image.
 *
 * @see io.kubelet.cert.autoconfigure.settings.SettingsConfiguration
 */
class CertificateRuntimeHintsTests {

	/** As by JDBC URLs, the environment of JNDI, Tomcat, and Jackson. */
	@Test
	void classesThatLibrariesFindByReflectionAndThePageAreFound() throws NoSuchMethodException {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		TestPropertyValues.of("kubelet.cert.pair-name=shop", "management.endpoints.web.exposure.include=certificates")
			.applyTo(context);
		context.register(CertificateManagerAutoConfiguration.class, CertificateServerAutoConfiguration.class,
				CertificateActuatorAutoConfiguration.class);
		GenerationContext generation = new DefaultGenerationContext(new ClassNameGenerator(ClassName.get(getClass())),
				new InMemoryGeneratedFiles());
		new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
		assertThat(RuntimeHintsPredicates.reflection()
			.onConstructorInvocation(BundleSocketFactory.class.getConstructor(String.class)))
			.accepts(generation.getRuntimeHints());
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(BundleSocketFactory.class.getMethod("getDefault")))
			.accepts(generation.getRuntimeHints());
		assertThat(
				RuntimeHintsPredicates.reflection().onConstructorInvocation(DrainingNioProtocol.class.getConstructor()))
			.accepts(generation.getRuntimeHints());
		assertThat(List.of(CertificatesEndpoint.CertificateDescriptor.class.getMethod("state"),
				PeersDescriptor.class.getMethod("peers"), SeenPeer.class.getMethod("identity")))
			.allSatisfy((method) -> assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(method))
				.accepts(generation.getRuntimeHints()));
		assertThat(RuntimeHintsPredicates.resource().forResource("io/kubelet/cert/autoconfigure/actuate/page.js"))
			.accepts(generation.getRuntimeHints());
	}

}
