package io.kubelet.cert;

import org.springframework.boot.web.server.AbstractConfigurableWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

/**
 * Gives the server the certificate {@code kubelet-client}, which each cluster issues:
 * certificates of servers are for kubelets only. With a property, the application would
 * not start.
 */
@Configuration(proxyBeanMethods = false)
class ServerOfNode {

	/** After Spring Boot's, which sets what properties say, and before that of Tomcat. */
	@Bean
	@Order(1)
	static WebServerFactoryCustomizer<AbstractConfigurableWebServerFactory> serverOfNode() {
		return (factory) -> {
			Ssl ssl = (factory.getSsl() != null) ? factory.getSsl() : new Ssl();
			ssl.setBundle("kubelet-client");
			factory.setSsl(ssl);
		};
	}

}
