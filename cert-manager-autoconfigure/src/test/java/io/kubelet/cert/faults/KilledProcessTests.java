package io.kubelet.cert.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.testsupport.Figures;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.cmp.PKIStatus;
import org.bouncycastle.openssl.PEMParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a store whose process is killed in the middle of updates: there is a whole
 * pair at every moment, and leftovers do not pile up.
 */
class KilledProcessTests {

	private static final int KILLS = 50;

	/** How many children start up while another one is killed. */
	private static final int AHEAD = 4;

	/** As many as the store keeps, the one that is current, and one not yet removed. */
	private static final int DATED_FILES = 5 + 1 + 1;

	@TempDir
	Path directory;

	@TempDir
	Path pairFiles;

	private final Random random = new Random(42);

	@Test
	void directoryHoldsAWholePairAfterEachOfManyKills() throws Exception {
		List<CertificatePair> pairs = writePairs();
		ProgramJar.write(jar(), StoreUpdater.class, FileCertificateStore.class, Logger.class, PEMParser.class,
				ASN1Object.class, PKIStatus.class);
		TestStore.files(this.directory, "one", null, 5, Clock.systemUTC()).update(pairs.get(0));
		Path classes = this.pairFiles.resolve("updater.jsa");
		new Child("-XX:ArchiveClassesAtExit=" + classes).end();
		Set<CertificatePair> seen = new HashSet<>();
		int mostFiles = 0;
		int kills = 0;
		int changes = 0;
		String last = "";
		Deque<Child> children = new ArrayDeque<>();
		try {
			while (kills < KILLS) {
				while (children.size() < AHEAD) {
					children.add(new Child("-XX:SharedArchiveFile=" + classes));
				}
				Child child = children.remove();
				child.begin();
				new CountDownLatch(1).await(this.random.nextInt(20), TimeUnit.MILLISECONDS);
				child.kill();
				kills++;
				TestStore store = TestStore.files(this.directory, "one", null, 5, Clock.systemUTC());
				CertificatePair pair = store.current().orElseThrow();
				assertThat(pairs).contains(pair);
				assertThat(pair.authorities()).isEqualTo(pairs.get(0).authorities());
				seen.add(pair);
				List<String> files = files();
				String current = Files.readSymbolicLink(this.directory.resolve("one-current.pem")).toString();
				changes += current.equals(last) ? 0 : 1;
				last = current;
				mostFiles = Math.max(mostFiles, files.size());
				assertThat(files).noneMatch((file) -> file.contains("damaged"));
			}
		}
		finally {
			children.forEach(Child::kill);
		}
		// Links that were about to become current are removed an hour later
		Clock later = Clock.offset(Clock.systemUTC(), Duration.ofHours(2));
		TestStore.files(this.directory, "one", null, 5, later).update(pairs.get(0));
		List<String> left = files();
		Figures.report("killed in the middle of updates",
				"%d kills, %d times another file was current, %d different pairs seen, at most %d files, %d at the end"
					.formatted(kills, changes, seen.size(), mostFiles, left.size()));
		assertThat(changes).isGreaterThan(KILLS / 4);
		assertThat(left.size()).isLessThanOrEqualTo(DATED_FILES + 1);
	}

	private List<CertificatePair> writePairs() throws IOException {
		TestAuthority authority = new TestAuthority("kills");
		List<CertificatePair> pairs = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			CertificatePair pair = authority
				.pair(CertificateTemplate.ofSubject("pair-" + i), Instant.parse("2020-01-01T00:00:00Z"),
						Instant.parse("2050-01-01T00:00:00Z"))
				.withAuthorities(List.of(authority.certificate()));
			Files.writeString(this.pairFiles.resolve(i + ".pem"), Pem.write(pair));
			pairs.add(pair);
		}
		return pairs;
	}

	private Path jar() {
		return this.pairFiles.resolve("updater.jar");
	}

	private List<String> files() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.map((file) -> file.getFileName().toString()).toList();
		}
	}

	/** A process that waits to be told to begin, so that its start costs no time. */
	private final class Child {

		private final Process process;

		private final BufferedReader output;

		Child(String classes) throws IOException {
			List<String> command = new ArrayList<>(
					List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto", classes,
							"-Xlog:disable", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m",
							"-Dslf4j.internal.verbosity=ERROR", "-cp", jar().toString(), StoreUpdater.class.getName(),
							KilledProcessTests.this.directory.toString()));
			for (int i = 0; i < 3; i++) {
				command.add(KilledProcessTests.this.pairFiles.resolve(i + ".pem").toString());
			}
			this.process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
			this.output = this.process.inputReader();
		}

		void begin() throws IOException {
			assertThat(this.output.readLine()).isEqualTo("ready");
			this.process.getOutputStream().write('\n');
			this.process.getOutputStream().flush();
			assertThat(this.output.readLine()).isEqualTo("updating");
		}

		/** Archives its classes, if it is to, so that others start sooner. */
		void end() throws IOException {
			begin();
			this.process.destroy();
			this.process.onExit().join();
		}

		void kill() {
			this.process.destroyForcibly();
			this.process.onExit().join();
		}

	}

}
