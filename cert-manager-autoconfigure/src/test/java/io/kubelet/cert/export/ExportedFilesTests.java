package io.kubelet.cert.export;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

/**
 * When files are exported, and what happens to those that are there.
 *
 * @see ExportedFiles
 * @see ExportFailures
 * @see ExportDirectory
 * @see ExportPlace
 * @see ExportAccess
 * @see ExportSettings
 */
@DisabledOnOs(OS.WINDOWS)
class ExportedFilesTests extends ExportFixture {

	private final CertificatePair pair = pair();

	@Test
	void nothingIsExportedBeforeTheFirstCertificate() {
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(null, TRUST);
		assertThat(directory()).doesNotExist();
		files.export(this.pair, TRUST);
		assertExported(this.pair, authority);
	}

	@Test
	void authoritiesThatChangeAloneAreExported() {
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		TestAuthority other = new TestAuthority("other");
		files.export(this.pair, Trust.exactly(List.of(other.certificate())));
		assertExported(this.pair, other);
	}

	@Test
	void followersAreCalledOnceTheFilesHaveChanged() throws Exception {
		List<String> seen = new ArrayList<>();
		ExportedFiles files = start(ExportFormat.PEM);
		files.addFollower((name) -> {
			throw new IllegalStateException("broken");
		});
		files.addFollower((name) -> seen.add(name + " " + serial()));
		files.export(this.pair, TRUST);
		files.export(this.pair, TRUST);
		CertificatePair next = pair();
		files.export(next, TRUST);
		assertThat(seen).containsExactly("shop " + this.pair.serialNumber(), "shop " + next.serialNumber());
	}

	@Test
	void filesThatMatchAreNotWrittenAgainAtARestart() throws Exception {
		start(ExportFormat.values()).export(this.pair, TRUST);
		Path generation = generation();
		List<String> seen = new ArrayList<>();
		ExportedFiles restarted = start(ExportFormat.values());
		restarted.addFollower(seen::add);
		restarted.export(this.pair, TRUST);
		assertThat(generation()).isEqualTo(generation);
		assertThat(seen).isEmpty();
	}

	@ParameterizedTest
	@EnumSource
	void filesThatDoNotMatchAreRepairedAtARestart(Damage damage) throws Exception {
		start(ExportFormat.values()).export(this.pair, TRUST);
		String password = Files.readString(file("password.txt"));
		damage.in(this);
		start(ExportFormat.values()).export(this.pair, TRUST);
		assertExported(this.pair, authority);
		assertThat(generation().resolve("tls.key"))
			.satisfies((file) -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
				.isEqualTo("rw-------"));
		assertThat(names()).containsExactly("..data", "bundle.pem", "ca.crt", "keystore.p12", "password.txt", "tls.crt",
				"tls.key", "tls.pk8", "truststore.p12");
		if (damage.keepsPassword) {
			assertThat(file("password.txt")).hasContent(password);
		}
	}

	@Test
	void passwordIsKeptAcrossGenerationsAndRestarts() throws Exception {
		ExportedFiles files = start(ExportFormat.PKCS12);
		files.export(this.pair, TRUST);
		String password = Files.readString(file("password.txt"));
		files.export(pair(), TRUST);
		assertThat(file("password.txt")).hasContent(password);
		start(ExportFormat.PKCS12).export(pair(), TRUST);
		assertThat(file("password.txt")).hasContent(password);
	}

	@Test
	void namesOfFormatsThatAreNotWantedAnyLongerAreRemovedAndForeignFilesStay() throws Exception {
		start(ExportFormat.PEM, ExportFormat.BUNDLE).export(this.pair, TRUST);
		Files.writeString(file("README"), "theirs");
		Files.createSymbolicLink(file("latest"), Path.of("..data"));
		start(ExportFormat.KEY_DER).export(this.pair, TRUST);
		assertThat(names()).containsExactly("..data", "README", "latest", "tls.pk8");
	}

	@Test
	void previousGenerationStaysForTheDrain() throws Exception {
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		Path first = generation();
		this.time.pass(Duration.ofHours(1));
		files.export(pair(), TRUST);
		Path second = generation();
		this.time.pass(DRAIN.minusSeconds(1));
		files.export(pair(), TRUST);
		assertThat(first).exists();
		this.time.pass(Duration.ofSeconds(1));
		assertThat(first).doesNotExist();
		assertThat(second).exists();
		this.time.pass(DRAIN);
		assertThat(generations()).isOne();
	}

	@Test
	void whatKilledProcessesHaveLeftIsRemovedAfterTheDrain() throws Exception {
		start(ExportFormat.PEM).export(this.pair, TRUST);
		String uuid = "0b3f9d5e-1c2a-4f6b-8d7e-9a0b1c2d3e4f";
		Files.writeString(Files.createDirectory(file("..export-shop-" + uuid)).resolve("tls.key"), "half");
		Files.createSymbolicLink(file("...data." + uuid), Path.of("..export-shop-" + uuid));
		Files.createSymbolicLink(file(".tls.crt." + uuid), Path.of("..data/tls.crt"));
		Files.createSymbolicLink(file(".theirs.crt." + uuid), Path.of("/etc/hosts"));
		Files.createDirectory(file("..export-other-" + uuid));
		start(ExportFormat.PEM).export(this.pair, TRUST);
		this.time.pass(DRAIN);
		assertThat(names()).containsExactly("..data", ".theirs.crt." + uuid, "ca.crt", "tls.crt", "tls.key");
		assertThat(file("..export-other-" + uuid)).exists();
		assertThat(generations()).isEqualTo(2);
	}

	/** As of a process that takes the place of this one, before this one has ended. */
	@Test
	void generationThatHasBecomeCurrentIsNotRemoved() throws Exception {
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		Path first = generation();
		files.export(pair(), TRUST);
		Files.delete(file("..data"));
		Files.createSymbolicLink(file("..data"), first.getFileName());
		this.time.pass(DRAIN);
		assertThat(generation()).isEqualTo(first);
		assertExported(this.pair, authority);
	}

	@ParameterizedTest
	@CsvSource({ "..data, ..2026_01_01_00_00_00.123456789",
			"..data, ..export-other-0b3f9d5e-1c2a-4f6b-8d7e-9a0b1c2d3e4f", "tls.key, /etc/hosts", "tls.key," })
	void whatSomebodyElseHasPutThereIsLeftAsItIs(String name, String target) throws Exception {
		Files.createDirectory(directory());
		if (target != null) {
			Files.createSymbolicLink(file(name), Path.of(target));
		}
		else {
			Files.writeString(file(name), "theirs");
		}
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		assertThat(names()).containsExactly(name);
		assertThat(generations()).isZero();
		assertThat(files.problem()).contains(directory().toString(), "left as it is", "a directory of its own");
		assertThatExceptionOfType(StoreException.class).isThrownBy(files::requireOwnDirectory)
			.withMessage(files.problem());
		Files.delete(file(name));
		this.time.pass(Duration.ofSeconds(10));
		assertThat(files.problem()).isNull();
		assertExported(this.pair, authority);
	}

	@ParameterizedTest
	@CsvSource({ "0600, rw-------, rwx------", "0640, rw-r-----, rwxr-x---", "0440, r--r-----, rwxr-x---",
			"256, r--------, rwx------", "416, rw-r-----, rwxr-x---" })
	void modeIsThatOfEachFileAndWhoeverMayReadItMayEnterTheDirectory(String mode, String files, String directories)
			throws Exception {
		start(mode, null, null, ExportFormat.values()).export(this.pair, TRUST);
		for (String name : List.of("tls.crt", "tls.key", "keystore.p12", "password.txt", "tls.pk8")) {
			assertThat(mode(file(name))).isEqualTo(files);
		}
		assertThat(mode(directory())).isEqualTo(directories);
		assertThat(mode(generation())).isEqualTo(directories);
	}

	@ParameterizedTest
	@ValueSource(strings = { "0644", "0660", "420", "0620", "400000", "rw-------", "", "0700" })
	void modeThatLetsOthersReadOrAnybodyWriteIsRefused(String mode) {
		assertThatIllegalArgumentException().isThrownBy(() -> ExportSettings.mode(mode))
			.withMessageContaining("set it to 0600 or 0400");
	}

	@Test
	void filesAreGivenToTheGroup() throws Exception {
		assumeThat(System.getProperty("user.name")).isEqualTo("root");
		ExportedFiles files = start("0640", "12345", null, ExportFormat.PEM);
		files.export(this.pair, TRUST);
		for (Path file : List.of(directory(), generation(), file("tls.crt"), file("tls.key"))) {
			assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(12345);
		}
		Files.setAttribute(generation().resolve("tls.key"), "unix:gid", 0);
		start("0640", "12345", null, ExportFormat.PEM).export(this.pair, TRUST);
		assertThat(Files.getAttribute(file("tls.key"), "unix:gid")).isEqualTo(12345);
	}

	/** As in an {@code emptyDir} of a pod with {@code fsGroup}. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void filesTakeOverTheGroupOfADirectoryThatPassesItOn(boolean exists) throws Exception {
		assumeThat(System.getProperty("user.name")).isEqualTo("root");
		Path volume = exists ? Files.createDirectory(directory()) : this.parent;
		Files.setAttribute(volume, "unix:gid", 12345);
		Files.setAttribute(volume, "unix:mode", 02777);
		start("0640", null, null, ExportFormat.PEM).export(this.pair, TRUST);
		assertThat(Files.getAttribute(generation(), "unix:gid")).isEqualTo(12345);
		assertThat(Files.getAttribute(file("tls.key"), "unix:gid")).isEqualTo(12345);
		assertThat(mode(file("tls.key"))).isEqualTo("rw-r-----");
		assertThat(mode(generation())).isEqualTo("rwxr-x---");
	}

	@Test
	void fileThatHasGoneIsNoMistakeOfTheGroup() throws Exception {
		ExportAccess access = new ExportAccess(ExportSettings.mode("0640"), null);
		GroupPrincipal group = Objects.requireNonNull(access.in(this.parent));
		assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> access.give(file("tls.key"), group));
	}

	@Test
	void checkThatHasNoThreadLeavesNothingToWrite(CapturedOutput output) {
		ExportedFiles files = new ExportedFiles("shop",
				new ExportSettings(directory(), List.of(ExportFormat.PEM), null, ExportSettings.mode("0600"), null),
				DRAIN, new Executor() {

					private int calls;

					@Override
					public void execute(Runnable task) {
						if (this.calls++ == 0) {
							throw new OutOfMemoryError("unable to create native thread");
						}
						task.run();
					}

				}, this.time, this.time);
		assertThat(files.requireGroup()).as("nothing is waited for").isSameAs(files);
		assertThat(this.time.scheduled()).isOne();
		this.time.pass(Duration.ofSeconds(20));
		assertThat(files.problem()).isNull();
		assertThat(output).doesNotContain("NullPointerException");
	}

	@Test
	void groupThatDoesNotExistIsReported() {
		ExportedFiles files = start("0640", "no-such-group", null, ExportFormat.PEM);
		assertThatExceptionOfType(StoreException.class).isThrownBy(files::requireGroup)
			.withMessageContaining("There is no group 'no-such-group'");
	}

	@Test
	void passwordFileThatIsMissingOrBlankIsReported() throws Exception {
		Path file = this.parent.resolve("password");
		ExportedFiles files = start("0600", null, file, ExportFormat.PKCS12);
		assertThatExceptionOfType(StoreException.class).isThrownBy(files::requirePassword)
			.withMessage(
					"There is no file %s: write the password of the key stores to it, or remove the property to have one generated",
					file);
		Files.writeString(file, "\nsecond");
		assertThatExceptionOfType(StoreException.class).isThrownBy(files::requirePassword)
			.withMessage("There is no password in the first line of %s: write it there", file);
	}

	/** As in {@code /proc}, where nobody can create one. */
	@Test
	void directoryThatCannotBeCreatedIsReportedInWords() {
		Path directory = Path.of("/proc/tls");
		assumeThat(Path.of("/proc/self")).exists();
		ExportedFiles files = new ExportedFiles("shop",
				new ExportSettings(directory, List.of(ExportFormat.PEM), null, ExportSettings.mode("0600"), null),
				DRAIN, Runnable::run, this.time, this.time);
		files.export(this.pair, TRUST);
		assertThat(files.problem())
			.startsWith("Cannot export the certificate to /proc/tls: no such file or directory. Make");
	}

	@Test
	void directoryThatCannotBeWrittenIsReportedAndWrittenLater(CapturedOutput output) throws Exception {
		Files.writeString(directory(), "a file");
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		assertThat(files.problem()).startsWith("Cannot export the certificate to " + directory())
			.endsWith("Make the directory writable and check that its disk has room");
		assertThat(files.failingSince()).isEqualTo(this.time.instant());
		CertificatePair next = pair();
		files.export(next, TRUST);
		this.time.pass(Duration.ofMinutes(10));
		assertThat(output.getOut().lines().filter((line) -> line.contains("Cannot export"))).hasSizeBetween(5, 10);
		Files.delete(directory());
		this.time.pass(Duration.ofSeconds(10));
		assertExported(next, authority);
		assertThat(files.problem()).isNull();
		assertThat(files.failingSince()).isNull();
		assertThat(output).containsOnlyOnce("The certificate is exported to " + directory() + " again");
		int scheduled = this.time.scheduled();
		this.time.pass(Duration.ofHours(1));
		assertThat(this.time.scheduled()).as("further attempts").isLessThanOrEqualTo(scheduled).isZero();
	}

	@Test
	void noAttemptFollowsOnceTheFilesAreClosed() throws Exception {
		Files.writeString(directory(), "a file");
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		files.close();
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void exportThatHangsDelaysItsCallerForAFewSecondsOnly() {
		List<Runnable> tasks = new ArrayList<>();
		ExportedFiles files = new ExportedFiles("shop",
				new ExportSettings(directory(), List.of(ExportFormat.PEM), null, ExportSettings.mode("0600"), null),
				DRAIN, tasks::add, this.time, this.time);
		CompletableFuture<Void> exported = CompletableFuture.runAsync(() -> files.export(this.pair, TRUST));
		await().until(() -> this.time.scheduled() == 1);
		this.time.pass(Duration.ofSeconds(4));
		assertThat(exported).succeedsWithin(Duration.ofMinutes(1));
		assertThat(directory()).doesNotExist();
		tasks.forEach(Runnable::run);
		assertExported(this.pair, authority);
	}

	@Test
	void checkThatHangsDelaysTheStartForAFewSecondsOnly() throws Exception {
		Files.createSymbolicLink(Files.createDirectory(directory()).resolve("..data"), Path.of("theirs"));
		List<Runnable> tasks = new ArrayList<>();
		ExportedFiles files = new ExportedFiles("shop",
				new ExportSettings(directory(), List.of(ExportFormat.PEM), null, ExportSettings.mode("0600"), null),
				DRAIN, tasks::add, this.time, this.time);
		CompletableFuture<?> checked = CompletableFuture.supplyAsync(files::requireOwnDirectory);
		await().until(() -> this.time.scheduled() == 1);
		this.time.pass(Duration.ofSeconds(4));
		assertThat(checked).succeedsWithin(Duration.ofMinutes(1));
	}

	@Test
	void exportThatHangsIsReportedUntilItReturns(CapturedOutput output) {
		CountDownLatch hanging = new CountDownLatch(1);
		ExportedFiles files = new ExportedFiles("shop",
				new ExportSettings(directory(), List.of(ExportFormat.PEM), null, ExportSettings.mode("0600"), null),
				DRAIN, (task) -> new Thread(task).start(), this.time, this.time);
		files.addFollower((name) -> {
			try {
				hanging.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
		CompletableFuture<Void> exported = CompletableFuture.runAsync(() -> files.export(this.pair, TRUST));
		await().until(() -> this.time.scheduled() == 2);
		this.time.pass(Duration.ofSeconds(4));
		assertThat(exported).succeedsWithin(Duration.ofMinutes(1));
		assertThat(files.problem()).isEqualTo("The export of the certificate to " + directory()
				+ " has not returned for 4s: check whether the file system hangs");
		assertThat(files.failingSince()).isEqualTo(this.time.instant().minusSeconds(4));
		assertThat(output).contains("has not returned for 4s");
		hanging.countDown();
		await().untilAsserted(() -> assertThat(files.problem()).isNull());
	}

	@Test
	void diskIsReportedOnce(CapturedOutput output) throws IOException {
		boolean memory = List.of("tmpfs", "ramfs").contains(Files.getFileStore(this.parent).type());
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		files.export(pair(), TRUST);
		assertThat(output.getOut().lines().filter((line) -> line.contains("is on a disk"))).hasSize(memory ? 0 : 1);
	}

	@Test
	void memoryIsNotReported(CapturedOutput output) throws IOException {
		Path memory = Path.of("/dev/shm");
		assumeThat(memory).isWritable();
		Path directory = Files.createTempDirectory(memory, "export");
		try {
			new ExportedFiles("shop", new ExportSettings(directory, List.of(ExportFormat.BUNDLE), null,
					ExportSettings.mode("0600"), null), DRAIN, Runnable::run, this.time, this.time)
				.export(this.pair, TRUST);
			assertThat(directory.resolve("bundle.pem")).exists();
			assertThat(output).doesNotContain("is on a disk");
		}
		finally {
			FileSystemUtils.deleteRecursively(directory);
		}
	}

	/** On a disk in memory, nothing else says what happens. */
	@Test
	void placeIsReportedOnce(CapturedOutput output) {
		ExportedFiles files = new ExportedFiles("shop",
				new ExportSettings(Path.of("").toAbsolutePath().relativize(directory()),
						List.of(ExportFormat.PEM, ExportFormat.PKCS12), null, ExportSettings.mode("0600"), null),
				DRAIN, Runnable::run, this.time, this.time);
		files.export(this.pair, TRUST);
		files.export(pair(), TRUST);
		assertThat(output).containsOnlyOnce("[shop] The certificate is exported to ")
			.containsPattern(
					"exported to /.*/tls: ca.crt, keystore.p12, password.txt, tls.crt, tls.key, truststore.p12\n");
	}

	/** As an {@code emptyDir} itself. */
	@Test
	void directoryThatEveryUserCanWriteIsReportedOnce(CapturedOutput output) throws Exception {
		Files.createDirectory(directory());
		Files.setPosixFilePermissions(directory(), PosixFilePermissions.fromString("rwxrwxrwx"));
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		files.export(pair(), TRUST);
		assertThat(output).containsOnlyOnce("Every user can write to " + directory());
		assertThat(files.problem()).isNull();
	}

	@Test
	void directoryOfThisUserAloneIsNotReported(CapturedOutput output) {
		start(ExportFormat.PEM).export(this.pair, TRUST);
		assertThat(output).doesNotContain("Every user");
	}

	@Test
	void otherProcessThatExportsToTheDirectoryIsReported(CapturedOutput output) throws Exception {
		ExportedFiles files = start(ExportFormat.PEM);
		files.export(this.pair, TRUST);
		files.export(pair(), TRUST);
		Files.delete(file("..data"));
		files.export(pair(), TRUST);
		assertThat(output).doesNotContain("Another process");
		start(ExportFormat.PEM).export(pair(), TRUST);
		assertThat(output).doesNotContain("Another process");
		files.export(this.pair, TRUST);
		files.export(pair(), TRUST);
		assertThat(output).containsOnlyOnce(
				"[shop] Another process exports a certificate of this name to " + directory() + " as well");
		assertThat(files.problem()).isNull();
	}

	private void assertExported(CertificatePair pair, TestAuthority authority) {
		assertThat(file("tls.key")).satisfies((file) -> {
			assertThat(Pem.readPair(Files.readString(file("tls.crt")), Files.readString(file))).isEqualTo(pair);
			assertThat(Pem.readCertificates(Files.readString(file("ca.crt")))).containsExactly(authority.certificate());
		});
	}

	private String serial() {
		try {
			return Pem.readPair(Files.readString(file("tls.crt")), Files.readString(file("tls.key"))).serialNumber();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String mode(Path file) throws IOException {
		return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
	}

	/** What may happen to exported files while no process runs. */
	enum Damage {

		LINK_DELETED(true) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				Files.delete(fixture.file("tls.crt"));
			}

		},

		FILE_TRUNCATED(true) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				Files.writeString(fixture.file("tls.key"), "");
			}

		},

		KEY_STORE_REPLACED(true) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				Files.copy(fixture.file("truststore.p12"), fixture.generation().resolve("keystore.p12"),
						StandardCopyOption.REPLACE_EXISTING);
			}

		},

		FILE_ADDED(true) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				Files.writeString(fixture.generation().resolve("other.pem"), "");
			}

		},

		FILE_REPLACED_BY_A_DIRECTORY(true) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				Path file = fixture.generation().resolve("tls.crt");
				Files.delete(file);
				Files.createDirectory(file);
			}

		},

		MODE_CHANGED(true) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				Files.setPosixFilePermissions(fixture.generation().resolve("tls.key"),
						PosixFilePermissions.fromString("rw-r--r--"));
			}

		},

		PASSWORD_CHANGED(false) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				Files.writeString(fixture.file("password.txt"), "another");
			}

		},

		GENERATION_DELETED(false) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				FileSystemUtils.deleteRecursively(fixture.generation());
				assertThat(Files.exists(fixture.file("..data"), LinkOption.NOFOLLOW_LINKS)).isTrue();
			}

		},

		ALL_DELETED(false) {

			@Override
			void in(ExportFixture fixture) throws IOException {
				FileSystemUtils.deleteRecursively(fixture.directory());
			}

		};

		private final boolean keepsPassword;

		Damage(boolean keepsPassword) {
			this.keepsPassword = keepsPassword;
		}

		abstract void in(ExportFixture fixture) throws IOException;

	}

}
