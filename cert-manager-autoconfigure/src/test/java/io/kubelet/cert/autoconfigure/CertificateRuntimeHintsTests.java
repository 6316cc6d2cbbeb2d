package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.ssl.BundleSocketFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.core.io.support.SpringFactoriesLoader;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CertificateRuntimeHints}.
 */
class CertificateRuntimeHintsTests {

	private static final Pattern MODEL = Pattern
		.compile("import (io\\.kubernetes\\.client\\.openapi\\.models\\.\\w+);");

	private final RuntimeHints hints = new RuntimeHints();

	@BeforeEach
	void register() {
		SpringFactoriesLoader.forResourceLocation("META-INF/spring/aot.factories")
			.load(RuntimeHintsRegistrar.class)
			.stream()
			.filter(CertificateRuntimeHints.class::isInstance)
			.forEach((registrar) -> registrar.registerHints(this.hints, getClass().getClassLoader()));
	}

	/** JDBC URLs, and the environment of JNDI. */
	@Test
	void socketFactoryCanBeCreatedByItsName() throws NoSuchMethodException {
		assertThat(RuntimeHintsPredicates.reflection()
			.onConstructorInvocation(BundleSocketFactory.class.getConstructor(String.class))).accepts(this.hints);
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(BundleSocketFactory.class.getMethod("getDefault"))).accepts(this.hints);
	}

	/** They would need hints, since they are read and written by reflection. */
	@Test
	void noModelOfTheKubernetesClientIsUsed() throws IOException {
		assertThat(models()).isEmpty();
	}

	private static Set<String> models() throws IOException {
		try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
			StringBuilder imports = new StringBuilder();
			for (Path source : sources.filter(Files::isRegularFile).toList()) {
				imports.append(Files.readString(source));
			}
			return MODEL.matcher(imports).results().map((model) -> model.group(1)).collect(Collectors.toSet());
		}
	}

}
