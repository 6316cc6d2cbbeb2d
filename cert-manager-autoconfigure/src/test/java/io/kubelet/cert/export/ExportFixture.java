package io.kubelet.cert.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * A directory to which the certificate {@code shop} is exported, on simulated time and on
 * the thread of the test. Tests extend it.
 */
@ExtendWith(OutputCaptureExtension.class)
abstract class ExportFixture {

	static final Duration DRAIN = Duration.ofSeconds(30);

	static final TestAuthority authority = new TestAuthority("export");

	static final Trust TRUST = Trust.exactly(List.of(authority.certificate()));

	final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path parent;

	static CertificatePair pair() {
		return authority.pair("shop", "localhost");
	}

	Path directory() {
		return this.parent.resolve("tls");
	}

	Path file(String name) {
		return directory().resolve(name);
	}

	/** What a process has that begins now. */
	ExportedFiles start(ExportFormat... formats) {
		return start("0600", null, null, formats);
	}

	ExportedFiles start(String mode, @Nullable String group, @Nullable Path passwordFile, ExportFormat... formats) {
		return new ExportedFiles("shop",
				new ExportSettings(directory(), List.of(formats), passwordFile, ExportSettings.mode(mode), group),
				DRAIN, Runnable::run, this.time, this.time);
	}

	/** The directory of the files that are current. */
	Path generation() throws IOException {
		return file("..data").toRealPath();
	}

	/** The names in the directory, without those of generations. */
	Set<String> names() throws IOException {
		try (Stream<Path> files = Files.list(directory())) {
			return files.map((file) -> file.getFileName().toString())
				.filter((name) -> !name.startsWith("..export-"))
				.collect(Collectors.toCollection(TreeSet::new));
		}
	}

	/** How many generations there are. */
	long generations() throws IOException {
		try (Stream<Path> files = Files.list(directory())) {
			return files.filter((file) -> file.getFileName().toString().startsWith("..export-")).count();
		}
	}

}
