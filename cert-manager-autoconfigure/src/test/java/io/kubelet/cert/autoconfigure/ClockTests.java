package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Which clock the certificates go by.
 */
class ClockTests {

	private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.SECONDS);

	@TempDir
	Path directory;

	/** A certificate that expired an hour ago. */
	@BeforeEach
	void storePair() {
		TestStore.files(this.directory.resolve("pki"), "kubelet-client", null, 5, Clock.systemUTC())
			.update(new TestAuthority("ca").pair(CertificateTemplate.ofSubject("app"), NOW.minusSeconds(7200),
					NOW.minusSeconds(3600)));
	}

	@Test
	void clockOfTheApplicationIsNotThatOfItsCertificates() {
		runner().withBean("businessClock", Clock.class, ClockTests::beforeTheExpiry)
			.run((context) -> assertThat(stateOf(context.getBean(CertificateManager.class))).isEqualTo("EXPIRED"));
	}

	@Test
	void severalClocksOfTheApplicationDoNotMatter() {
		runner().withBean("businessClock", Clock.class, ClockTests::beforeTheExpiry)
			.withBean("certificateClock", Clock.class, ClockTests::beforeTheExpiry)
			.run((context) -> assertThat(stateOf(context.getBean(CertificateManager.class))).isEqualTo("STATIC"));
	}

	private static String stateOf(CertificateManager manager) {
		return manager.status().state().name();
	}

	private static Clock beforeTheExpiry() {
		return Clock.offset(Clock.fixed(NOW, ZoneOffset.UTC), Duration.ofSeconds(-5400));
	}

	private ApplicationContextRunner runner() {
		return CertificateContexts.runner(this.directory)
			.withPropertyValues("kubelet.cert.rotate-certificates=false", "kubelet.cert.startup.mode=background");
	}

}
