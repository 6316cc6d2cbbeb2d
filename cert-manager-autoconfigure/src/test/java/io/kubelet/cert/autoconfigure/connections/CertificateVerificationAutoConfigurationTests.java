package io.kubelet.cert.autoconfigure.connections;

import java.nio.file.Path;
import java.util.Properties;

import javax.net.ssl.SSLSocketFactory;

import io.kubelet.cert.testsupport.CertificateContexts;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.mail.autoconfigure.MailSenderAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.mail.javamail.JavaMailSenderImpl;

import static org.assertj.core.api.Assertions.assertThat;

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
	void applicationWithoutMailStarts() {
		runner().withClassLoader(new FilteredClassLoader("jakarta.mail", "org.springframework.mail"))
			.run((context) -> assertThat(context).hasNotFailed());
	}

}
