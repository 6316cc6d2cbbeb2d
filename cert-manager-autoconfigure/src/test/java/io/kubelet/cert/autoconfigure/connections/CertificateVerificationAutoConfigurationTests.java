package io.kubelet.cert.autoconfigure.connections;

import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Stream;

import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocketFactory;

import io.kubelet.cert.testsupport.CertificateContexts;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.JedisClientConfigurationBuilderCustomizer;
import org.springframework.boot.mail.autoconfigure.MailSenderAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.mail.javamail.JavaMailSenderImpl;
import org.springframework.web.context.annotation.RequestScope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

/**
 * Tests for {@link CertificateVerificationAutoConfiguration}. Its effect is shown by
 * handshakes in {@code AcceptedByOtherClientsTests}.
 *
 * @see CertificateVerificationAutoConfiguration
 */
class CertificateVerificationAutoConfigurationTests {

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return CertificateContexts.runner(this.directory, CertificateVerificationAutoConfiguration.class)
			.withConfiguration(AutoConfigurations.of(MailSenderAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.pair-name=shop", "spring.mail.host=localhost");
	}

	@ParameterizedTest
	@CsvSource({ "spring.mail.ssl.bundle=shop, smtp, false",
			"spring.mail.ssl.bundle=shop spring.mail.protocol=smtps, smtps, false",
			"spring.mail.ssl.bundle=shop spring.mail.properties.mail.smtp.socketFactory.fallback=true, smtp, true",
			"spring.mail.properties.mail.smtps.ssl.socketFactory.class=io.kubelet.cert.ssl.BundleSocketFactory, smtps, false",
			"spring.mail.properties.mail.imap.socketFactory.class=io.kubelet.cert.ssl.BundleSocketFactory, imap, false",
			"spring.mail.properties.mail.smtps.ssl.socketFactory.class=com.example.Other, smtps,",
			"spring.mail.ssl.enabled=true, smtp," })
	void mailGivesUpIfABundleRefusesTheServer(String properties, String protocol, @Nullable String fallback) {
		runner().withPropertyValues(properties.split(" ")).run((context) -> {
			Properties used = context.getBean(JavaMailSenderImpl.class).getJavaMailProperties();
			assertThat(used.getProperty("mail." + protocol + ".socketFactory.fallback")).isEqualTo(fallback);
		});
	}

	@Test
	void senderOfTheApplicationKeepsAnotherFactory() {
		JavaMailSenderImpl sender = new JavaMailSenderImpl();
		sender.getJavaMailProperties().put("mail.smtps.ssl.socketFactory", SSLSocketFactory.getDefault());
		runner().withBean(JavaMailSenderImpl.class, () -> sender).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(sender.getJavaMailProperties()).hasSize(1);
		});
	}

	@Test
	void senderOfARequestIsNotCreatedAtTheStart() {
		runner().withUserConfiguration(SenderOfARequest.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@MethodSource
	void jedisComparesTheAddressUnlessTheApplicationCompares(String bundle,
			JedisClientConfigurationBuilderCustomizer own, @Nullable String algorithm) {
		runner().withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
			.withPropertyValues("spring.data.redis.client-type=jedis", bundle)
			.withBean(JedisClientConfigurationBuilderCustomizer.class, () -> own)
			.run((context) -> assertThat(
					context.getBean(JedisConnectionFactory.class).getClientConfiguration().getSslParameters())
				.hasValueSatisfying((parameters) -> assertThat(parameters.getEndpointIdentificationAlgorithm())
					.isEqualTo(algorithm)));
	}

	static Stream<Arguments> jedisComparesTheAddressUnlessTheApplicationCompares() {
		SSLParameters unset = new SSLParameters();
		SSLParameters none = new SSLParameters();
		none.setEndpointIdentificationAlgorithm("");
		JedisClientConfigurationBuilderCustomizer nothing = (builder) -> {
		};
		return Stream.of(argumentSet("nothing set", "spring.data.redis.ssl.bundle=shop", nothing, "HTTPS"),
				argumentSet("parameters without an algorithm", "spring.data.redis.ssl.bundle=shop", with(unset),
						"HTTPS"),
				argumentSet("no comparison wanted", "spring.data.redis.ssl.bundle=shop", with(none), ""),
				argumentSet("verifier", "spring.data.redis.ssl.bundle=shop",
						(JedisClientConfigurationBuilderCustomizer) (builder) -> builder.useSsl()
							.hostnameVerifier((host, session) -> false),
						null),
				argumentSet("bundle that does not rotate", "spring.data.redis.ssl.enabled=true",
						with(new SSLParameters()), null));
	}

	private static JedisClientConfigurationBuilderCustomizer with(SSLParameters parameters) {
		return (builder) -> builder.useSsl().sslParameters(parameters);
	}

	@Test
	void applicationWithoutMailAndRedisStarts() {
		runner()
			.withClassLoader(new FilteredClassLoader("jakarta.mail", "org.springframework.mail",
					"org.springframework.data.redis", "org.springframework.boot.data.redis"))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Configuration(proxyBeanMethods = false)
	static class SenderOfARequest {

		@Bean
		@RequestScope
		JavaMailSenderImpl sender() {
			return new JavaMailSenderImpl();
		}

		@Bean
		Object userOfTheSender(JavaMailSenderImpl sender) {
			return new Object();
		}

	}

}
