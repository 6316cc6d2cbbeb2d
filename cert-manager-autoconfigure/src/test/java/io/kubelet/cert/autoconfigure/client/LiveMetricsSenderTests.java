package io.kubelet.cert.autoconfigure.client;

import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.otlp.OtlpMetricsExportAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the definition of further senders. What they send is tested by
 * {@code OtlpExporterTests}.
 *
 * @see LiveMetricsSender
 */
class LiveMetricsSenderTests {

	private final DefaultListableBeanFactory beans = new DefaultListableBeanFactory();

	/** Whoever processes ahead of time defines it before the application runs. */
	@Test
	void definitionThatExistsIsNotReplaced() {
		this.beans.setAllowBeanDefinitionOverriding(false);
		RootBeanDefinition sender = new RootBeanDefinition();
		sender.setFactoryBeanName(OtlpMetricsExportAutoConfiguration.class.getName());
		this.beans.registerBeanDefinition("otlpMetricsSender", sender);
		LiveMetricsSender.define(this.beans);
		LiveMetricsSender.define(this.beans);
		assertThat(this.beans.getBeanDefinitionNames()).hasSize(2);
	}

	@Test
	void senderOfTheApplicationIsItsOwn() {
		this.beans.registerBeanDefinition("otlpMetricsSender", new RootBeanDefinition());
		LiveMetricsSender.define(this.beans);
		assertThat(this.beans.getBeanDefinitionNames()).hasSize(1);
	}

}
