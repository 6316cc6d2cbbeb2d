package io.kubelet.cert.test.spring;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.ImportSelector;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

/**
 * Registers a control plane while the configuration is read, before the conditions of
 * auto-configurations are evaluated and before properties are bound.
 */
final class EmbeddedControlPlaneSelector implements ImportSelector {

	private final Environment environment;

	private final BeanFactory beans;

	EmbeddedControlPlaneSelector(Environment environment, BeanFactory beans) {
		this.environment = environment;
		this.beans = beans;
	}

	@Override
	public String[] selectImports(AnnotationMetadata importing) {
		EmbeddedControlPlaneRegistration.register((ConfigurableEnvironment) this.environment,
				(ConfigurableListableBeanFactory) this.beans);
		return new String[0];
	}

}
