package io.kubelet.cert.rotation.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A day of a certificate that lives for six hours, in simulated time. Its log is kept in
 * {@code docs/examples/one-day.log}. With the system property {@code docs.generate}, it
 * is written anew.
 *
 * @see RotationLog
 */
class OneDayTests extends ManagerFixture {

	private static final Path KEPT = ProjectFiles.ROOT.resolve("docs/examples/one-day.log");

	private static final String SIGNER = "example.com/shop";

	private final List<String> log = new ArrayList<>();

	/** The names of the fields for structured logging. */
	private final Set<String> fields = new TreeSet<>();

	@Test
	void logOfTheDayAndItsFieldsAreThoseInTheDocumentation() throws IOException {
		Logger logger = (Logger) LoggerFactory.getLogger("io.kubelet.cert");
		AppenderBase<ILoggingEvent> appender = appender();
		logger.addAppender(appender);
		try {
			day();
		}
		finally {
			logger.detachAppender(appender);
		}
		if (Boolean.getBoolean("docs.generate")) {
			Files.write(KEPT, this.log);
		}
		assertThat(Files.readAllLines(KEPT)).isEqualTo(this.log);
		String page = ProjectFiles.read("docs/reference/runtime.md").split("## The log")[1];
		assertThat(Pattern.compile("`(kubelet\\.cert\\.\\w+)`").matcher(page).results().map((field) -> field.group(1)))
			.containsExactlyInAnyOrderElementsOf(this.fields);
	}

	private void day() {
		this.signer.lifetime = Duration.ofHours(6);
		this.signer.holds();
		this.name = "shop";
		this.random = 0.5;
		CertificateManager manager = start(builder().signerName(SIGNER)
			.naming(RequestNaming.after(this.name))
			.usages(List.of(Usage.DIGITAL_SIGNATURE, Usage.SERVER_AUTH))
			.keys(repeatableKeys())
			.template(CertificateTemplate.ofSubject("shop").withDnsNames(List.of("shop.example.com"))));
		pass(Duration.ofSeconds(90));
		answer(0);
		this.signer.issues();
		passUntil(9, 30);
		this.outage = RequestException.unavailable("Unreachable",
				"The API server at https://10.0.0.1:443 cannot be reached: Connection refused", null, null);
		passUntil(9, 40);
		this.outage = null;
		passUntil(14, 0);
		this.signer.failsWith((request) -> RequestException.denied(String.valueOf(request.name()), Signer.of(SIGNER),
				"NotToday", "the approver does not know this application"));
		passUntil(14, 30);
		this.signer.issues();
		passUntil(19, 0);
		this.signer.holds();
		passUntil(20, 20);
		pass(Duration.ofMinutes(1));
		answer(this.signer.requests.size() - 1);
		passUntil(24, 0);
		assertThat(manager.status().rotations().count()).isEqualTo(5);
		manager.stop();
	}

	private void passUntil(int hour, int minute) {
		Duration ofTheDay = Duration.ofHours(hour).plusMinutes(minute);
		pass(Duration.between(this.time.instant(), START.plus(ofTheDay)));
	}

	private AppenderBase<ILoggingEvent> appender() {
		AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {

			@Override
			protected void append(ILoggingEvent entry) {
				OneDayTests.this.log
					.add("%s %-5s %s".formatted(OneDayTests.this.time.instant().truncatedTo(ChronoUnit.SECONDS),
							entry.getLevel(), entry.getFormattedMessage()));
				entry.getKeyValuePairs().forEach((field) -> OneDayTests.this.fields.add(field.key));
			}

		};
		appender.start();
		return appender;
	}

	/** The names of requests follow from their keys. */
	private static KeyPairSource repeatableKeys() {
		try {
			SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
			random.setSeed(1);
			KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
			generator.initialize(new ECGenParameterSpec("secp256r1"), random);
			return (specification) -> generator.generateKeyPair();
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
