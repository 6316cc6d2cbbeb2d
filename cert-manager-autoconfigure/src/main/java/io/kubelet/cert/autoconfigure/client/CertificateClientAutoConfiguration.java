package io.kubelet.cert.autoconfigure.client;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.autoconfigure.imperative.ImperativeHttpClientAutoConfiguration;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ResourceLoader;
import org.springframework.http.client.reactive.ClientHttpConnector;

/**
 * Auto-configuration of HTTP clients whose certificate rotates. The builder bean of
 * Spring Boot or of the application remains as it is; another one that follows the
 * rotation is preferred to it.
 */
@AutoConfiguration(after = { CertificateManagerAutoConfiguration.class, ImperativeHttpClientAutoConfiguration.class })
@ConditionalOnBean(CertificateManagers.class)
@ConditionalOnClass(ClientHttpRequestFactoryBuilder.class)
public final class CertificateClientAutoConfiguration {

	@Bean
	static BeanDefinitionRegistryPostProcessor certificateRequestFactories() {
		return new LiveBuilderRegistrar("certificateRequestFactoryBuilder", ClientHttpRequestFactoryBuilder.class,
				LiveClientBuilders.class);
	}

	/**
	 * In a reactive web application, Spring Boot has no builder bean, and detects one for
	 * each use.
	 */
	@Bean
	@ConditionalOnMissingBean
	ClientHttpRequestFactoryBuilder<?> detectedRequestFactoryBuilder(ResourceLoader resourceLoader) {
		return ClientHttpRequestFactoryBuilder.detect(resourceLoader.getClassLoader());
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ ClientHttpConnector.class, Mono.class })
	static class Reactive {

		@Bean
		static BeanDefinitionRegistryPostProcessor certificateConnectors() {
			return new LiveBuilderRegistrar("certificateConnectorBuilder", ClientHttpConnectorBuilder.class,
					LiveClientBuilders.Reactive.class);
		}

	}

}
