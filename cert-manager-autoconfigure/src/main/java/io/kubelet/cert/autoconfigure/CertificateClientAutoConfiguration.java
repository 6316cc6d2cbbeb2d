package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.LiveClientBuilders;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.reactive.ClientHttpConnector;
import reactor.core.publisher.Mono;

/**
 * Auto-configuration of HTTP clients whose certificate rotates. Spring Boot's builders
 * are adapted rather than replaced, whoever has defined them.
 */
@AutoConfiguration(after = CertificateManagerAutoConfiguration.class)
@ConditionalOnBean(CertificateManagers.class)
@ConditionalOnClass(ClientHttpRequestFactoryBuilder.class)
public final class CertificateClientAutoConfiguration {

	@Bean
	static BeanPostProcessor certificateRequestFactoryAdapter() {
		return new BeanPostProcessor() {

			@Override
			public Object postProcessAfterInitialization(Object bean, String name) {
				return (bean instanceof ClientHttpRequestFactoryBuilder<?> builder)
						? LiveClientBuilders.following(builder) : bean;
			}

		};
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ ClientHttpConnector.class, Mono.class })
	static class Reactive {

		@Bean
		static BeanPostProcessor certificateConnectorAdapter() {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String name) {
					return (bean instanceof ClientHttpConnectorBuilder<?> builder)
							? LiveClientBuilders.Reactive.following(builder) : bean;
				}

			};
		}

	}

}
