package io.kubelet.cert.autoconfigure.ssl;

import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.RuntimeBeanReference;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;

/**
 * Adds a bean that follows the rotation to the builder bean that would be injected by its
 * interface, and makes it primary in its place. The builder bean itself keeps its type
 * and can still be injected by it. If there are several and none is primary, none would
 * be injected by its interface, and nothing is added.
 */
final class FollowingBuilder implements BeanDefinitionRegistryPostProcessor {

	private final String beanName;

	private final Class<?> type;

	private final Class<?> factory;

	/**
	 * Creates a post-processor.
	 * @param beanName the name of the bean to add
	 * @param type the interface of the builders
	 * @param factory has a static method {@code following} that takes a builder and
	 * returns the one to add
	 */
	FollowingBuilder(String beanName, Class<?> type, Class<?> factory) {
		this.beanName = beanName;
		this.type = type;
		this.factory = factory;
	}

	@Override
	public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
		String followed = followed(registry);
		if (followed != null && !registry.containsBeanDefinition(this.beanName)) {
			RootBeanDefinition following = new RootBeanDefinition(this.factory);
			following.setFactoryMethodName("following");
			following.getConstructorArgumentValues().addGenericArgumentValue(new RuntimeBeanReference(followed));
			following.setTargetType(this.type);
			following.setPrimary(true);
			registry.getBeanDefinition(followed).setPrimary(false);
			registry.registerBeanDefinition(this.beanName, following);
		}
	}

	private @Nullable String followed(BeanDefinitionRegistry registry) {
		String[] names = (registry instanceof ListableBeanFactory beans)
				? beans.getBeanNamesForType(this.type, true, false) : new String[0];
		String[] primary = (names.length > 1)
				? Stream.of(names).filter((name) -> registry.getBeanDefinition(name).isPrimary()).toArray(String[]::new)
				: names;
		return (primary.length == 1) ? primary[0] : null;
	}

}
