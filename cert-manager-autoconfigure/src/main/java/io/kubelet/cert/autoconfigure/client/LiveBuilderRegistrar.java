package io.kubelet.cert.autoconfigure.client;

import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.RuntimeBeanReference;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;

/**
 * Adds a builder whose clients follow the rotation, and makes it primary in place of the
 * builder bean that would be injected by its interface. Replacing that bean by a
 * post-processor would take fewer lines, but an application could then no longer inject
 * it by its class. If there are several builders and none is primary, nothing is added.
 */
final class LiveBuilderRegistrar implements BeanDefinitionRegistryPostProcessor {

	private final String beanName;

	private final Class<?> type;

	private final Class<?> factory;

	/**
	 * Creates a post-processor.
	 * @param beanName the name of the bean to add
	 * @param type the interface of the builders
	 * @param factory has a static method {@code live} that takes a builder and returns
	 * the one to add
	 */
	LiveBuilderRegistrar(String beanName, Class<?> type, Class<?> factory) {
		this.beanName = beanName;
		this.type = type;
		this.factory = factory;
	}

	@Override
	public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
		String replaced = replaced(registry);
		if (replaced != null && !registry.containsBeanDefinition(this.beanName)) {
			RootBeanDefinition live = new RootBeanDefinition(this.factory);
			live.setFactoryMethodName("live");
			live.getConstructorArgumentValues().addGenericArgumentValue(new RuntimeBeanReference(replaced));
			live.setTargetType(this.type);
			live.setPrimary(true);
			// Of two primary beans, none could be injected by the interface
			if (registry.containsBeanDefinition(replaced)) {
				registry.getBeanDefinition(replaced).setPrimary(false);
			}
			registry.registerBeanDefinition(this.beanName, live);
		}
	}

	private @Nullable String replaced(BeanDefinitionRegistry registry) {
		String[] names = (registry instanceof ListableBeanFactory beans)
				? beans.getBeanNamesForType(this.type, true, false) : new String[0];
		String[] primary = (names.length > 1)
				? Stream.of(names).filter((name) -> isPrimary(registry, name)).toArray(String[]::new) : names;
		return (primary.length == 1) ? primary[0] : null;
	}

	/** An object that is registered as a singleton has no definition. */
	private static boolean isPrimary(BeanDefinitionRegistry registry, String name) {
		return registry.containsBeanDefinition(name) && registry.getBeanDefinition(name).isPrimary();
	}

}
