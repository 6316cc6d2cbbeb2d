package io.kubelet.cert.autoconfigure.server;

import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import org.apache.coyote.http11.Http11NioProtocol;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.jetty.JettyServerCustomizer;
import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;

/**
 * Auto-configuration of web servers whose certificate rotates.
 */
@AutoConfiguration(after = CertificateSslAutoConfiguration.class)
@ConditionalOnBean(CertificateManagers.class)
@ConditionalOnClass(WebServerFactoryCustomizer.class)
public final class CertificateServerAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ TomcatWebServerFactory.class, Http11NioProtocol.class })
	@ImportRuntimeHints(ProtocolHints.class)
	static class Tomcat {

		@Bean
		WebServerFactoryCustomizer<TomcatWebServerFactory> certificateTomcatCustomizer(SslBundles bundles) {
			return (factory) -> {
				if (Ssl.isEnabled(factory.getSsl())
						&& TomcatWebServerFactory.DEFAULT_PROTOCOL.equals(factory.getProtocol())) {
					factory.setProtocol(DrainingNioProtocol.class.getName());
				}
				ServerBundles view = ServerBundles.of(factory, bundles);
				factory.setSslBundles(view);
				factory.addConnectorCustomizers(new TomcatRotation(view, factory::getSsl));
			};
		}

	}

	/** Tomcat creates its protocol by the name of the class. */
	static class ProtocolHints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			hints.reflection()
				.registerTypeIfPresent(classLoader, DrainingNioProtocol.class.getName(),
						MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ JettyServerCustomizer.class, org.eclipse.jetty.server.Server.class })
	static class Jetty {

		@Bean
		WebServerFactoryCustomizer<JettyWebServerFactory> certificateJettyCustomizer(SslBundles bundles) {
			return (factory) -> factory
				.addServerCustomizers(new JettyRotation(ServerBundles.of(factory, bundles), factory::getSsl));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ NettyReactiveWebServerFactory.class, reactor.netty.http.server.HttpServer.class })
	static class Netty {

		@Bean
		WebServerFactoryCustomizer<NettyReactiveWebServerFactory> certificateNettyCustomizer(SslBundles bundles) {
			return (factory) -> {
				ServerBundles view = ServerBundles.of(factory, bundles);
				factory.setSslBundles(view);
				factory.addServerCustomizers(new NettyRotation(view, factory::getSsl));
			};
		}

	}

}
