package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.event.CertificateRotatedEvent;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.OwnLog;
import io.kubelet.cert.testsupport.Pipes;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Certificate files that someone else manages, such as those of a kubelet's
 * {@code --tls-cert-file}.
 *
 * @see io.kubelet.cert.store.ManagedFilesStore
 */
@ExtendWith(OutputCaptureExtension.class)
class ManagedFilesTests {

	private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

	private static final Duration LOOK = Duration.ofSeconds(10);

	private final SimulatedTime time = new SimulatedTime(NOW);

	private final TestAuthority authority = new TestAuthority("ca");

	private final CertificatePair first = pair();

	private final CertificatePair second = pair();

	private final List<CertificateRotatedEvent> events = new CopyOnWriteArrayList<>();

	@TempDir
	Path directory;

	private Path identity;

	private Path certificate;

	private Path privateKey;

	@BeforeEach
	void nameFiles() throws IOException {
		this.identity = Files.createDirectory(this.directory.resolve("identity"));
		this.certificate = this.identity.resolve("tls.crt");
		this.privateKey = this.identity.resolve("tls.key");
	}

	/** Another clock of the application, such as one for its business, is not used. */
	private ApplicationContextRunner runner() {
		return CertificateContexts.starter()
			.withBean("certificateClock", SimulatedTime.class, () -> this.time)
			.withBean("businessClock", Clock.class, Clock::systemUTC)
			.withInitializer((context) -> context
				.addApplicationListener((ApplicationListener<CertificateRotatedEvent>) this.events::add))
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("nowhere"),
					"kubelet.cert.rotate-certificates=false", "kubelet.cert.ssl.trust=system",
					"kubelet.cert.tls-cert-file=" + this.certificate,
					"kubelet.cert.tls-private-key-file=" + this.privateKey);
	}

	/** In a volume, the kubelet and CSI drivers switch a link to the directory. */
	@ParameterizedTest
	@ValueSource(strings = { "files", "directory", "link" })
	void removedAndCreatedFilesAreFollowed(String replaced) throws IOException {
		Path next = Files.createDirectory(this.directory.resolve("next"));
		if (replaced.equals("link")) {
			Files.move(this.identity, this.directory.resolve("first"));
			Files.createSymbolicLink(this.identity, this.directory.resolve("first"));
		}
		write(this.first, this.first);
		runner().run((context) -> {
			switch (replaced) {
				case "files" -> {
					Files.delete(this.certificate);
					Files.delete(this.privateKey);
				}
				case "directory" -> {
					Files.move(this.identity, this.directory.resolve("old"));
					Files.move(next, this.identity);
				}
				default -> {
					Path link = Files.createSymbolicLink(this.directory.resolve("link"), next);
					Files.move(link, this.identity, StandardCopyOption.ATOMIC_MOVE);
				}
			}
			write(this.second, this.second);
			this.time.pass(LOOK);
			assertCurrent(context, this.second);
			Awaitility.await().untilAsserted(() -> assertThat(this.events).hasSize(1));
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			mismatched | as while another program replaces them
			damaged    | damaged; the last valid pair stays in use
			empty      | There is no certificate; the last valid pair stays in use
			missing    | tls.crt is missing; the last valid pair stays in use
			directory  | it is a directory, a pipe or a device
			pipe       | it is a directory, a pipe or a device
			expired    | that is not valid now; it is not used
			""")
	void pairThatCannotBeUsedIsIgnoredUntilItIsReplaced(String problem, String message, CapturedOutput output)
			throws IOException {
		CertificatePair expired = this.authority.pair(CertificateTemplate.ofSubject("cn"),
				NOW.minus(Duration.ofDays(2)), NOW.minus(Duration.ofDays(1)));
		write(this.first, this.first);
		runner().run((context) -> {
			this.time.pass(LOOK);
			switch (problem) {
				case "mismatched" -> write(this.second, this.first);
				case "damaged" -> Files.writeString(this.certificate, "-----BEGIN CERTIFICATE-----\nMII");
				case "empty" -> Files.writeString(this.certificate, "");
				case "missing" -> Files.delete(this.certificate);
				case "directory" -> {
					Files.delete(this.certificate);
					Files.createDirectory(this.certificate);
				}
				case "pipe" -> {
					Files.delete(this.certificate);
					Pipes.create(this.certificate);
				}
				default -> write(expired, expired);
			}
			this.time.pass(LOOK);
			assertThat(OwnLog.lines(output, "ERROR")).isEmpty();
			this.time.pass(Duration.ofMinutes(5));
			assertCurrent(context, this.first);
			assertThat(output).contains(message);
			assertThat(output.getOut().split("the last valid pair stays in use", -1)).hasSizeLessThan(3);
			assertThat(this.events).isEmpty();
			CertificateManager manager = context.getBean(CertificateManager.class);
			assertThat(manager.status().health().storeProblem()).isNotNull();
			Files.deleteIfExists(this.certificate);
			write(this.second, this.second);
			this.time.pass(LOOK);
			assertCurrent(context, this.second);
			Awaitility.await().untilAsserted(() -> assertThat(this.events).hasSize(1));
			assertThat(manager.status().health().storeProblem()).isNull();
		});
	}

	@Test
	void storedPairIsNotLookedAtWhenFilesAreNamed() throws IOException {
		write(this.first, this.first);
		Files.createDirectories(this.directory.resolve("nowhere"));
		Files.writeString(this.directory.resolve("nowhere/kubelet-client-current.pem"), Pem.write(this.second));
		runner().run((context) -> assertCurrent(context, this.first));
	}

	/** Another program has replaced one of them when the application starts. */
	@Test
	void filesThatDoNotHoldAPairYetAreWaitedFor(CapturedOutput output) throws IOException {
		write(this.second, this.first);
		CompletableFuture<Void> program = CompletableFuture.runAsync(() -> {
			Awaitility.await().until(() -> output.getOut().contains("There is no valid certificate yet: waiting"));
			this.time.settle();
			assertThatNoException().isThrownBy(() -> write(this.second, this.second));
			this.time.pass(LOOK);
		});
		runner().run((context) -> assertCurrent(context, this.second));
		program.join();
	}

	@Test
	void filesThatComeLaterAreTakenInTheBackground() throws IOException {
		runner().withPropertyValues("kubelet.cert.startup.mode=background").run((context) -> {
			assertThat(context).hasNotFailed();
			CertificateManager manager = context.getBean(CertificateManager.class);
			assertThat(manager.status().state()).isEqualTo(CertificateStatus.State.WAITING);
			write(this.first, this.first);
			this.time.pass(LOOK);
			assertThat(manager.current()).contains(this.first);
			Awaitility.await()
				.untilAsserted(() -> assertThat(this.events).singleElement()
					.extracting(CertificateRotatedEvent::getPreviousCertificate)
					.isNull());
		});
	}

	@Test
	void rotationOverTheEndpointIsRefusedWithTheProperty() throws IOException {
		write(this.first, this.first);
		runner().run((context) -> {
			CertificateManagers managers = context.getBean(CertificateManagers.class);
			String name = managers.iterator().next().name();
			assertThatExceptionOfType(InvalidEndpointRequestException.class)
				.isThrownBy(() -> new CertificatesEndpoint(managers, (bundle) -> List.of(), (bundle) -> null,
						(bundle) -> null)
					.rotate(name))
				.satisfies(
						(ex) -> assertThat(ex.getReason()).contains("rotate-certificates", "replace the stored pair"));
		});
	}

	@ParameterizedTest
	@ValueSource(ints = { 1000, -1000 })
	void pairThatIsNotValidAtTheStartIsNamed(int days) throws IOException {
		write(this.first, this.first);
		this.time.setClock(Duration.ofDays(days));
		runner().run((context) -> assertThat(context.getStartupFailure()).rootCause()
			.hasMessageContaining("(the stored one is valid from 2029-12-31T23:00:00Z to 2030-01-31T00:00:00Z)"));
	}

	/** Bundles and events follow on threads of their own. */
	private void assertCurrent(ApplicationContext context, CertificatePair pair) {
		CertificateManager manager = context.getBean(CertificateManager.class);
		SslBundle bundle = context.getBean(SslBundles.class).getBundle("kubelet-client");
		Awaitility.await().untilAsserted(() -> {
			assertThat(manager.current()).contains(pair);
			assertThat(manager.status().pair()).isEqualTo(pair);
			assertThat(manager.status().state()).isEqualTo(CertificateStatus.State.STATIC);
			KeyStore store = Objects.requireNonNull(bundle.getStores().getKeyStore());
			assertThat(store.getCertificate(store.aliases().nextElement())).isEqualTo(pair.leaf());
		});
	}

	private void write(CertificatePair certificate, CertificatePair key) throws IOException {
		Files.writeString(this.certificate, Pem.write(certificate.chain()));
		Files.writeString(this.privateKey, Pem.writePrivateKey(key));
	}

	private CertificatePair pair() {
		return this.authority.pair(CertificateTemplate.ofSubject("cn"), NOW.minus(Duration.ofHours(1)),
				NOW.plus(Duration.ofDays(30)));
	}

}
