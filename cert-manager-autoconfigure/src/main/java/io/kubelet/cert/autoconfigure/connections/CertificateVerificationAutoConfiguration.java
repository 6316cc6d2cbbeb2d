package io.kubelet.cert.autoconfigure.connections;

import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.net.ssl.SSLParameters;

import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.BundleSocketFactory;
import io.kubelet.cert.ssl.LiveSslBundle;
import jakarta.mail.Session;

import org.springframework.aop.scope.ScopedObject;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.data.redis.autoconfigure.JedisClientConfigurationBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.mail.javamail.JavaMailSenderImpl;

/**
 * Auto-configuration of clients that would accept servers which the bundle of a
 * certificate does not accept. It changes nothing that the application has set.
 */
@AutoConfiguration(after = CertificateSslAutoConfiguration.class)
@ConditionalOnBean(CertificateManagers.class)
public final class CertificateVerificationAutoConfiguration {

	/**
	 * By default, JavaMail connects to a server that its socket factory has refused once
	 * more, with the default factory of the JVM.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ JavaMailSenderImpl.class, Session.class })
	static class Mail {

		private static final Pattern FACTORY = Pattern
			.compile("(?<prefix>.+?)(\\.ssl)?\\.socketFactory(?<class>\\.class)?");

		@Bean
		static BeanPostProcessor certificateMailSenders() {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String beanName) {
					if (bean instanceof JavaMailSenderImpl sender && !(bean instanceof ScopedObject)) {
						refuse(sender.getJavaMailProperties());
					}
					return bean;
				}

			};
		}

		private static void refuse(Properties properties) {
			Map.copyOf(properties).forEach((name, value) -> {
				Matcher factory = FACTORY.matcher(name.toString());
				if (factory.matches() && ((factory.group("class") != null)
						? BundleSocketFactory.class.getName().equals(value) : LiveSslBundle.isBehind(value))) {
					properties.putIfAbsent(factory.group("prefix") + ".socketFactory.fallback", "false");
				}
			});
		}

	}

	/** Without a verifier or parameters, Jedis compares no name. */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ JedisClientConfigurationBuilderCustomizer.class, JedisClientConfiguration.class })
	static class Jedis {

		/** Comes after those of the application. */
		@Bean
		JedisClientConfigurationBuilderCustomizer certificateJedisClients() {
			return (builder) -> {
				JedisClientConfiguration given = builder.build();
				SSLParameters parameters = given.getSslParameters().orElseGet(SSLParameters::new);
				if (given.getSslSocketFactory().filter(LiveSslBundle::isBehind).isPresent()
						&& given.getHostnameVerifier().isEmpty()
						&& parameters.getEndpointIdentificationAlgorithm() == null) {
					parameters.setEndpointIdentificationAlgorithm("HTTPS");
					builder.useSsl().sslParameters(parameters);
				}
			};
		}

	}

}
