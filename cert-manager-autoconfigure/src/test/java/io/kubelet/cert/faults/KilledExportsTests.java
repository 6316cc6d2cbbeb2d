package io.kubelet.cert.faults;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.export.ExportFormat;
import io.kubelet.cert.export.ExportSettings;
import io.kubelet.cert.export.ExportedFiles;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Reads exported files as fast as possible while they are replaced, by processes that are
 * killed, too. {@code -Dexport.kills=200} and {@code -Dexport.count=10000} do more.
 *
 * @see io.kubelet.cert.export.ExportDirectory
 */
class KilledExportsTests {

	private static final int KILLS = Integer.getInteger("export.kills", 2);

	private static final int EXPORTS = Integer.getInteger("export.count", 100);

	private static final List<ExportFormat> FORMATS = List.of(ExportFormat.PEM, ExportFormat.PKCS12);

	private static final org.slf4j.Logger logger = LoggerFactory.getLogger(KilledExportsTests.class);

	private static final int MILLIS = 300;

	/** The JDK takes 10,000 rounds for each entry, for which the test would wait. */
	private static final List<String> ROUNDS = List.of("keystore.pkcs12.keyPbeIterationCount",
			"keystore.pkcs12.certPbeIterationCount", "keystore.pkcs12.macIterationCount");

	@TempDir
	Path directory;

	@BeforeAll
	static void hurry() {
		ROUNDS.forEach((rounds) -> System.setProperty(rounds, "1"));
	}

	@AfterAll
	static void restore() {
		ROUNDS.forEach(System::clearProperty);
	}

	@Test
	void readersNeverSeeFilesOfTwoGenerationsOrPartsOfFiles() throws Exception {
		TestAuthority authority = new TestAuthority("export");
		List<CertificatePair> pairs = Stream.generate(() -> authority.pair("shop")).limit(4).toList();
		ExportedFiles files = files(tls(), Duration.ofMinutes(10));
		Trust trust = Trust.exactly(List.of(authority.certificate()));
		files.export(pairs.get(0), trust);
		AtomicBoolean done = new AtomicBoolean();
		CompletableFuture<Integer> reader = CompletableFuture.supplyAsync(() -> readUntil(done));
		for (int i = 1; i <= EXPORTS && !reader.isDone(); i++) {
			files.export(pairs.get(i % pairs.size()), trust);
			assertThat(files.problem()).isNull();
		}
		done.set(true);
		int readings = reader.get(1, TimeUnit.MINUTES);
		logger.info("{} exports, {} readings", EXPORTS, readings);
		assertThat(readings).isPositive();
	}

	@Test
	void nothingIsMixedOrLeftBehindAfterManyKills() throws Exception {
		Random random = new Random(42);
		for (int kills = 0; kills < KILLS; kills++) {
			Process child = start(false);
			new CountDownLatch(1).await(random.nextInt(MILLIS), TimeUnit.MILLISECONDS);
			child.destroyForcibly().waitFor();
			assertThat(read(tls())).isNotNull();
		}
		Process last = start(true);
		assertThat(last.waitFor()).isZero();
		assertThat(read(tls())).isNotNull();
		try (Stream<Path> files = Files.list(tls())) {
			assertThat(files).as("one generation, ..data, and the links").hasSize(2 + 6);
		}
	}

	private int readUntil(AtomicBoolean done) {
		int readings = 0;
		while (!done.get()) {
			try {
				read(tls());
				readings++;
			}
			catch (Exception ex) {
				throw new IllegalStateException("After " + readings + " readings", ex);
			}
		}
		return readings;
	}

	/** Resolves the link once, and opens the files one after the other. */
	private static CertificatePair read(Path directory) throws Exception {
		Path generation = directory.resolve("..data").toRealPath();
		CertificatePair pair = Pem.readPair(Files.readString(generation.resolve("tls.crt")),
				Files.readString(generation.resolve("tls.key")));
		char[] password = Files.readString(generation.resolve("password.txt")).toCharArray();
		KeyStore store = KeyStore.getInstance("PKCS12");
		try (InputStream content = Files.newInputStream(generation.resolve("keystore.p12"))) {
			store.load(content, password);
		}
		assertThat(store.getCertificate("shop")).isEqualTo(pair.leaf());
		return pair;
	}

	private Path tls() {
		return this.directory.resolve("tls");
	}

	private static ExportedFiles files(Path directory, Duration drain) {
		return new ExportedFiles("shop",
				new ExportSettings(directory, FORMATS, null, ExportSettings.mode("0600"), null), drain, Runnable::run,
				RotationScheduler.of(Executors.newScheduledThreadPool(1)), Clock.systemUTC());
	}

	private Process start(boolean once) throws IOException {
		Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Xlog:disable", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-cp",
				System.getProperty("java.class.path"), Child.class.getName(), tls().toString(), String.valueOf(once))
			.redirectError(ProcessBuilder.Redirect.DISCARD)
			.start();
		assertThat(child.inputReader().readLine()).isEqualTo("exported");
		return child;
	}

	/** A process that exports without a pause until it is killed, or once. */
	static final class Child {

		/**
		 * Run it: it says when it has exported for the first time.
		 * @param args the directory, and whether to export once
		 */
		public static void main(String[] args) throws Exception {
			hurry();
			((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
			TestAuthority authority = new TestAuthority("export");
			Trust trust = Trust.exactly(List.of(authority.certificate()));
			ExportedFiles files = files(Path.of(args[0]), Duration.ZERO);
			files.export(authority.pair("shop"), trust);
			System.out.println("exported");
			while (!Boolean.parseBoolean(args[1])) {
				files.export(authority.pair("shop"), trust);
			}
			while (isLeft(Path.of(args[0]))) {
				Thread.onSpinWait();
			}
			System.exit(0);
		}

		private static boolean isLeft(Path directory) throws IOException {
			try (Stream<Path> files = Files.list(directory)) {
				return files.count() > 8;
			}
			catch (NoSuchFileException ex) {
				return true;
			}
		}

	}

}
