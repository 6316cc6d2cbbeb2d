package io.kubelet.cert.test.spring;

import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.test.context.TestContextAnnotationUtils;

/**
 * Finds {@link EnableEmbeddedControlPlane} on test classes.
 */
final class EmbeddedControlPlaneCustomizerFactory implements ContextCustomizerFactory {

	@Override
	public @Nullable ContextCustomizer createContextCustomizer(Class<?> testClass,
			List<ContextConfigurationAttributes> attributes) {
		EnableEmbeddedControlPlane annotation = TestContextAnnotationUtils.findMergedAnnotation(testClass,
				EnableEmbeddedControlPlane.class);
		return (annotation != null) ? new Customizer(Set.copyOf(List.of(annotation.signers()))) : null;
	}

	/**
	 * Those with the same signers are equal, so that tests share a context where nothing
	 * else keeps them apart.
	 */
	private record Customizer(Set<String> signers) implements ContextCustomizer {

		@Override
		public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration configuration) {
			new EmbeddedControlPlaneInitializer(this.signers.toArray(String[]::new)).initialize(context);
		}

	}

}
