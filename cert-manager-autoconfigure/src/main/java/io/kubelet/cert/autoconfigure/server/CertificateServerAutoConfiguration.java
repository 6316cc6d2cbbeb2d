package io.kubelet.cert.autoconfigure.server;

import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import org.apache.coyote.http11.Http11NioProtocol;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.annotation.RegisterReflection;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.jetty.JettyServerCustomizer;
import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.AbstractConfigurableWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration of web servers whose certificate rotates.
 */
@AutoConfiguration(after = CertificateSslAutoConfiguration.class)
@ConditionalOnBean(CertificateManagers.class)
@ConditionalOnClass(WebServerFactoryCustomizer.class)
public final class CertificateServerAutoConfiguration {

	/** Tomcat creates its protocol by the name of the class. */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ TomcatWebServerFactory.class, Http11NioProtocol.class })
	@RegisterReflection(classes = DrainingNioProtocol.class,
			memberCategories = MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS)
	static class Tomcat {

		@Bean
		WebServerFactoryCustomizer<TomcatWebServerFactory> certificateTomcatCustomizer(SslBundles bundles) {
			return (factory) -> {
				if (Ssl.isEnabled(factory.getSsl())
						&& TomcatWebServerFactory.DEFAULT_PROTOCOL.equals(factory.getProtocol())) {
					factory.setProtocol(DrainingNioProtocol.class.getName());
				}
				ServerBundles view = new ServerBundles(bundles(factory, bundles));
				factory.setSslBundles(view);
				factory.addConnectorCustomizers(new TomcatRotation(view, factory));
			};
		}

	}

	/** A customizer of the application may have given the factory its own bundles. */
	private static SslBundles bundles(AbstractConfigurableWebServerFactory factory, SslBundles bundles) {
		return (factory.getSslBundles() != null) ? factory.getSslBundles() : bundles;
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ JettyServerCustomizer.class, org.eclipse.jetty.server.Server.class })
	static class Jetty {

		@Bean
		WebServerFactoryCustomizer<JettyWebServerFactory> certificateJettyCustomizer(SslBundles bundles) {
			return (factory) -> factory.addServerCustomizers(new JettyRotation(bundles(factory, bundles), factory));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ NettyReactiveWebServerFactory.class, reactor.netty.http.server.HttpServer.class })
	static class Netty {

		@Bean
		WebServerFactoryCustomizer<NettyReactiveWebServerFactory> certificateNettyCustomizer(SslBundles bundles) {
			return (factory) -> {
				ServerBundles view = new ServerBundles(bundles(factory, bundles));
				factory.setSslBundles(view);
				factory.addServerCustomizers(new NettyRotation(view, factory));
			};
		}

	}

}
