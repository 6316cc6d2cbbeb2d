package io.kubelet.cert.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.export.ExportFormat;
import io.kubelet.cert.export.ExportSettings;
import io.kubelet.cert.export.ExportedFiles;
import io.kubelet.cert.faults.FaultyDisk.Operation;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for an export to a disk that fails, is full, or cannot be written.
 *
 * @see io.kubelet.cert.export.ExportDirectory
 */
@ExtendWith(OutputCaptureExtension.class)
@SuppressWarnings("NullAway.Init")
class ExportFaultTests {

	private static final TestAuthority authority = new TestAuthority("disk");

	private static final Trust TRUST = Trust.exactly(List.of(authority.certificate()));

	private static final CertificatePair OLD = authority.pair("old");

	private static final CertificatePair NEW = authority.pair("new");

	@TempDir
	Path parent;

	private final FaultyDisk disk = new FaultyDisk();

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private Path directory;

	private ExportedFiles files;

	@Test
	void filesAreTheOldOrTheNewOnesWhenAnyOneStepFailsOrTheDiskDies() throws IOException {
		List<Operation> steps = steps();
		assertThat(steps).contains(Operation.CREATE_DIRECTORY, Operation.CREATE_FILE, Operation.SYNC, Operation.RENAME);
		for (boolean dies : new boolean[] { false, true }) {
			for (int i = 0; i < steps.size(); i++) {
				int failed = i;
				prepare(dies + "-" + failed);
				this.disk.fail((index) -> dies ? index >= failed : index == failed);
				this.files.export(NEW, TRUST);
				assertThat(current()).as("after %s", steps.get(failed))
					.isIn((this.files.problem() != null) ? List.of(OLD, NEW) : List.of(NEW));
				assertRepaired();
			}
		}
	}

	@Test
	void fullDiskLeavesThePreviousFilesAndNothingElse() throws IOException {
		for (int room : new int[] { 0, 1, 500, 1000 }) {
			prepare("full-" + room);
			this.disk.limit(room);
			this.files.export(NEW, TRUST);
			assertThat(this.files.problem()).contains("No space left on device");
			assertThat(current()).isEqualTo(OLD);
			assertThat(generations()).isOne();
			assertRepaired();
		}
	}

	@Test
	void directoryThatCannotBeWrittenKeepsThePreviousFiles() throws IOException {
		prepare("read-only");
		this.disk.mountReadOnly();
		this.files.export(NEW, TRUST);
		assertThat(this.files.problem()).isEqualTo("Cannot export the certificate to " + this.directory
				+ ": Read-only file system. Make the directory writable and check that its disk has room");
		assertThat(current()).isEqualTo(OLD);
		assertRepaired();
	}

	@Test
	void generationThatCannotBeRemovedIsReportedOnce(CapturedOutput output) throws IOException {
		prepare("read-only-later");
		this.files.export(NEW, TRUST);
		this.disk.mountReadOnly();
		this.time.pass(Duration.ofSeconds(5));
		assertThat(output).containsOnlyOnce("Cannot remove");
		this.files.export(authority.pair("newer"), TRUST);
		this.time.pass(Duration.ofHours(1));
		assertThat(output).containsOnlyOnce("Cannot remove");
		this.files.export(NEW, TRUST);
		assertRepaired();
	}

	@Test
	void nameThatCannotBeCreatedLeavesNoFurtherGeneration() throws IOException {
		prepare("names");
		ExportedFiles more = start(ExportFormat.PEM, ExportFormat.BUNDLE);
		this.disk.fail((index) -> this.disk.operations().get(index) == Operation.CREATE_LINK
				&& this.disk.operations().indexOf(Operation.CREATE_LINK) < index);
		more.export(NEW, TRUST);
		this.time.pass(Duration.ofMinutes(1));
		assertThat(more.problem()).contains("Input/output error");
		assertThat(current()).isEqualTo(NEW);
		assertThat(generations()).isOne();
		this.disk.repair();
		this.time.pass(Duration.ofSeconds(10));
		assertThat(more.problem()).isNull();
		assertThat(this.directory.resolve("bundle.pem")).exists();
	}

	/** The content is on the disk before its name is, and the name before it counts. */
	@Test
	void everyFileIsForcedToDiskBeforeItCounts() throws IOException {
		List<Operation> steps = steps();
		int written = steps.indexOf(Operation.RENAME);
		assertThat(steps.subList(0, written)).filteredOn((step) -> step == Operation.SYNC).hasSize(3);
		assertThat(steps.subList(steps.lastIndexOf(Operation.SYNC), written)).contains(Operation.SYNC_DIRECTORY);
		assertThat(steps.subList(written, steps.size())).contains(Operation.SYNC_DIRECTORY);
		assertThat(steps).filteredOn((step) -> step == Operation.CREATE_LINK).as("only ..data").hasSize(1);
	}

	@Test
	void diskWithoutModesIsWrittenWithoutThem() throws IOException {
		this.disk.removeModes();
		prepare("no-modes");
		assertThat(this.files.problem()).isNull();
		assertThat(current()).isEqualTo(OLD);
	}

	private List<Operation> steps() throws IOException {
		prepare("steps");
		this.files.export(NEW, TRUST);
		assertThat(current()).isEqualTo(NEW);
		return this.disk.operations();
	}

	private void prepare(String name) throws IOException {
		this.disk.repair();
		this.directory = this.parent.resolve(name);
		this.files = start(ExportFormat.PEM);
		this.files.export(OLD, TRUST);
		assertThat(current()).isEqualTo(OLD);
		this.disk.repair();
	}

	private ExportedFiles start(ExportFormat... formats) {
		return new ExportedFiles("shop", new ExportSettings(this.disk.on(this.directory), List.of(formats), null,
				ExportSettings.mode("0600"), null), Duration.ofSeconds(5), Runnable::run, this.time, this.time);
	}

	private void assertRepaired() throws IOException {
		this.disk.repair();
		this.time.pass(Duration.ofSeconds(20));
		assertThat(this.files.problem()).isNull();
		assertThat(current()).isEqualTo(NEW);
		assertThat(generations()).isOne();
		try (Stream<Path> files = Files.list(this.directory)) {
			assertThat(files).hasSize(5);
		}
	}

	private CertificatePair current() throws IOException {
		return Pem.readPair(Files.readString(this.directory.resolve("tls.crt")),
				Files.readString(this.directory.resolve("tls.key")));
	}

	private long generations() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter((file) -> file.getFileName().toString().startsWith("..export-")).count();
		}
	}

}
