package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Files with keys that another user has put into the directory, or can change.
 *
 * @see KeyFiles
 */
@DisabledOnOs(OS.WINDOWS)
class ForeignKeyFilesTests extends StoreFixture {

	private static final int STRANGER = 12345;

	@Test
	void requestOfAnotherUserIsNotUsed(CapturedOutput output) throws IOException {
		Path file = write("kubelet-client-request.pem", request().toPem());
		giveToStranger(file);
		assertThat(store().pendingRequest()).isEmpty();
		assertThat(this.directory.toFile().list()).containsExactly("kubelet-client-request.pem.damaged");
		assertThat(output).containsPattern("WARN.*The pending request in " + file
				+ " is not used: .*it belongs to user 12345, who may know its key: .* It is kept as " + file
				+ ".damaged");
	}

	@ParameterizedTest
	@CsvSource({ "rwxr-xr-x, rw-rw----, false", "rwxr-xr-x, rw----rw-, false", "rwxrwxr-x, rw-rw-rw-, false",
			"rwxr-xr-x, rw-------, true", "rwxr-xr-x, rw-r--r--, true" })
	void requestThatAnotherUserCanChangeIsNotUsed(String directoryMode, String mode, boolean used) throws IOException {
		PendingRequest request = request();
		Path file = write("kubelet-client-request.pem", request.toPem());
		mode(this.directory, directoryMode);
		mode(file, mode);
		assertThat(store().pendingRequest()).isEqualTo(used ? Optional.of(request) : Optional.empty());
	}

	/** The kubelet makes all files of such a volume writable for the group of the pod. */
	@Test
	void groupOfAVolumeMayChangeItsFiles() throws IOException {
		CertificatePair pair = update();
		mode(this.directory, "rwxrwxr-x");
		Path file = current().toRealPath();
		mode(file, "rw-rw----");
		assertThat(store().current()).contains(pair);
		assumeThat(System.getProperty("user.name")).isEqualTo("root");
		Files.setAttribute(file, "unix:gid", STRANGER);
		assertThat(store().current()).as("of another group").isEmpty();
	}

	@Test
	void currentPairOfAnotherUserIsReplacedByTheNewestOwnOne(CapturedOutput output) throws IOException {
		CertificatePair own = update();
		Path planted = plant();
		assertThat(store().current()).contains(own);
		assertThat(output).contains("It is kept as " + aside(current()), planted + " cannot be used: ");
	}

	/** Whoever makes a link can choose any of our files, such as an upload. */
	@Test
	void linkOfAnotherUserIsReplacedAndItsTargetNotUsed() throws IOException {
		CertificatePair own = update();
		Path upload = Files.writeString(Files.createDirectory(this.directory.resolve("uploads")).resolve("upload"),
				Pem.write(pair()));
		Path link = current();
		Files.delete(link);
		assumeThat(System.getProperty("user.name")).isEqualTo("root");
		Files.setAttribute(Files.createSymbolicLink(link, upload), "unix:uid", STRANGER, LinkOption.NOFOLLOW_LINKS);
		assertThat(store().current()).contains(own);
		assertThat(upload).exists();
	}

	@Test
	void pairOfAnotherUserThatComesWhileTheProcessRunsIsReportedAndNotUsed() throws IOException {
		TestStore store = store();
		store.update(pair());
		Path planted = plant();
		assertThatExceptionOfType(StoreException.class).isThrownBy(store::current)
			.withMessageContaining("it belongs to user 12345");
		assertThat(planted).exists();
	}

	@Test
	void separateKeyOfAnotherUserIsNotUsed(CapturedOutput output) throws IOException {
		CertificatePair pair = pair();
		write("kubelet-client.crt", Pem.write(pair.chain()));
		Path key = write("kubelet-client.key", Pem.write(pair));
		giveToStranger(key);
		assertThat(store().current()).isEmpty();
		assertThat(aside(key)).exists();
		assertThat(output).containsPattern("WARN.*" + key + ": it belongs to user 12345.* It is kept as " + aside(key));
		assertThat(store().current()).isEmpty();
	}

	@Test
	void pairOfAnotherProgramMayBelongToAnyone() throws IOException {
		CertificatePair pair = pair();
		Path file = write("elsewhere.pem", Pem.write(pair));
		giveToStranger(file);
		PairLocation location = PairLocation.of(file);
		assertThat(store(location, 5).current()).contains(pair);
		assertThat(new TestStore(new ManagedFilesStore(location, (files, look, late, delay) -> look, Clock.systemUTC()))
			.current()).contains(pair);
	}

	@Test
	void directoryThatEverybodyCanWriteIsReportedOnce(CapturedOutput output) throws IOException {
		mode(this.directory, "rwxrwxrwx");
		store();
		assertThat(output).contains("WARN");
		store();
		assertThat(output).containsOnlyOnce("Every user can write to " + this.directory);
	}

	@Test
	void directoryThatTheStoreCreatesIsNotWritableForOthers() throws IOException {
		Path created = this.directory.resolve("a/b");
		TestStore.files(created, "kubelet-client", null, 5, this.time).update(pair());
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(created))).isEqualTo("rwxr-xr-x");
	}

	/** Another user makes a pair current. */
	private Path plant() throws IOException {
		Path planted = write("kubelet-client-2099-01-01-00-00-00.pem", Pem.write(pair()));
		giveToStranger(planted);
		DurableFiles.link(current(), planted);
		return planted;
	}

	private Path write(String name, String content) throws IOException {
		Path file = Files.writeString(this.directory.resolve(name), content);
		mode(file, "rw-r--r--");
		return file;
	}

	private static void mode(Path file, String mode) throws IOException {
		Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
	}

	/** Only root can give files away. */
	private static void giveToStranger(Path file) throws IOException {
		assumeThat(System.getProperty("user.name")).isEqualTo("root");
		Files.setAttribute(file, "unix:uid", STRANGER);
	}

}
