package io.kubelet.cert.autoconfigure.client;

import io.kubelet.cert.ssl.LiveSslBundle;
import io.micrometer.registry.otlp.OtlpMetricsSender;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.otlp.OtlpMetricsExportAutoConfiguration;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Lets Spring Boot's sender of metrics be created again for each identity of its bundle.
 * It has one client of the JDK, whose connection stays open while there is something to
 * export.
 */
final class LiveMetricsSender implements BeanPostProcessor {

	private static final String BEAN = "otlpMetricsSender";

	private static final String AGAIN = "certificateOtlpMetricsSender";

	private final BeanFactory beans;

	private final Environment environment;

	private final ObjectProvider<SslBundles> bundles;

	LiveMetricsSender(BeanFactory beans, Environment environment, ObjectProvider<SslBundles> bundles) {
		this.beans = beans;
		this.environment = environment;
		this.bundles = bundles;
	}

	/**
	 * Adds a definition of which each bean is another sender, unless the processing ahead
	 * of time has added it.
	 */
	static void define(BeanDefinitionRegistry registry) {
		if (registry.containsBeanDefinition(BEAN) && !registry.containsBeanDefinition(AGAIN)
				&& registry.getBeanDefinition(BEAN) instanceof AbstractBeanDefinition sender
				&& OtlpMetricsExportAutoConfiguration.class.getName().equals(sender.getFactoryBeanName())) {
			AbstractBeanDefinition again = sender.cloneBeanDefinition();
			again.setScope(BeanDefinition.SCOPE_PROTOTYPE);
			again.setAutowireCandidate(false);
			registry.registerBeanDefinition(AGAIN, again);
		}
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (beanName.equals(BEAN) && this.beans.containsBean(AGAIN)) {
			String bundleName = this.environment.getProperty("management.otlp.metrics.export.ssl.bundle");
			LiveSslBundle bundle = StringUtils.hasText(bundleName)
					? LiveSslBundle.of(this.bundles.getObject().getBundle(bundleName)) : null;
			if (bundle != null) {
				LiveClient<OtlpMetricsSender> live = new LiveClient<>(bundle,
						(resources) -> this.beans.getBean(AGAIN, OtlpMetricsSender.class));
				return (OtlpMetricsSender) (request) -> live.get().send(request);
			}
		}
		return bean;
	}

}
