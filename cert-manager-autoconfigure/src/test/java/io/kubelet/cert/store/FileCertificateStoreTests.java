package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.testsupport.TestStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * The kubelet's directory.
 */
class FileCertificateStoreTests extends StoreFixture {

	private static final byte[] NO_TEXT = { 'n', 'o', (byte) 0xff, (byte) 0xfe };

	@Test
	void regularCurrentFileIsAcceptedAndItsContentKeptWhenItIsReplaced() throws IOException {
		CertificatePair old = pair();
		Files.writeString(current(), Pem.write(old));
		TestStore store = store();
		assertThat(store.current()).contains(old);
		CertificatePair updated = pair();
		store.update(updated);
		assertThat(current()).isSymbolicLink();
		assertThat(store.current()).contains(updated);
		assertThat(dated()).hasSize(2).extracting(FileCertificateStoreTests::read).contains(Pem.write(old));
	}

	@Test
	void regularCurrentFileThatIsNoTextIsKeptAsItIsWhenItIsReplaced() throws IOException {
		TestStore store = store();
		Files.write(current(), NO_TEXT);
		CertificatePair updated = pair();
		store.update(updated);
		assertThat(store.current()).contains(updated);
		assertThat(dated()).hasSize(2).anySatisfy((file) -> assertThat(file).hasBinaryContent(NO_TEXT));
	}

	@Test
	void switchToAMissingFileIsRefusedAndChangesNothing() throws IOException {
		TestStore store = store();
		CertificatePair old = pair();
		store.update(old);
		Path missing = file("2030-01-01-00-00-00.pem");
		assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> DurableFiles.link(current(), missing));
		assertThat(store.current()).contains(old);
	}

	@Test
	void firstSwitchMakesALink() throws IOException {
		Path target = file("2030-01-01-00-00-00.pem");
		Files.writeString(target, "");
		DurableFiles.link(current(), target);
		assertThat(Files.readSymbolicLink(current())).isEqualTo(target.getFileName());
	}

	@Test
	void repeatedSwitchKeepsTheOldFile() throws IOException {
		TestStore store = store();
		store.update(pair());
		Path old = current().toRealPath();
		this.time.pass(Duration.ofSeconds(1));
		store.update(pair());
		assertThat(old).exists();
		assertThat(current().toRealPath()).isNotEqualTo(old).exists();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("orders")
	void fileIsReadInEitherOrder(String name, boolean keyFirst) throws IOException {
		CertificatePair pair = pair();
		String text = Pem.write(pair);
		int key = text.indexOf("-----BEGIN EC");
		Files.writeString(current(), keyFirst ? text.substring(key) + text.substring(0, key) : text);
		assertThat(store().current()).contains(pair);
	}

	static Stream<Arguments> orders() {
		return Stream.of(arguments("certificate then key", false), arguments("key then certificate", true));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("updates")
	void updateMakesThePairCurrent(String name, boolean previous, int length) throws IOException {
		PairLocation initial = previous ? separate("kubelet.crt", "kubelet.key", pair()) : null;
		TestStore store = store(initial, 5);
		CertificatePair updated = pair(length);
		store.update(updated);
		assertThat(store.current()).as("it is not read back").containsSame(updated);
		assertThat(store(initial, 5).current()).contains(updated);
		assertThat(updated.chain()).hasSize(length);
	}

	static Stream<Arguments> updates() {
		return Stream.of(arguments("update without a previous pair", false, 1),
				arguments("update with a previous pair", true, 1), arguments("update with a chain of two", true, 2));
	}

	@Test
	void updateMakesTheDirectory() {
		Path missing = this.directory.resolve("not/yet/there");
		TestStore store = TestStore.files(missing, "kubelet-client", null, 5, this.time);
		assertThat(store.current()).isEmpty();
		CertificatePair pair = pair();
		store.update(pair);
		assertThat(store.current()).contains(pair);
	}

	@Test
	void pendingRequestMakesTheDirectory() {
		Path missing = this.directory.resolve("not/yet/there");
		TestStore store = TestStore.files(missing, "kubelet-client", null, 5, this.time);
		store.savePendingRequest(request());
		assertThat(store.pendingRequest()).isPresent();
	}

	@Test
	void keyOfAnotherCertificateCanNeverBeStored() {
		assertThatIllegalArgumentException().isThrownBy(() -> new CertificatePair(pair().chain(), pair().privateKey()))
			.withMessageContaining("The private key does not belong to the certificate");
	}

	@Test
	void currentComesFromThePairFile() throws IOException {
		CertificatePair pair = pair();
		Path file = file("pair.pem");
		Files.writeString(file, Pem.write(pair));
		Files.createSymbolicLink(current(), file.toAbsolutePath());
		assertThat(store().current()).contains(pair);
	}

	@Test
	void currentComesFromTheConfiguredFilesElseFromThoseNamedAfterThePair() throws IOException {
		CertificatePair named = pair();
		separate("kubelet-client.crt", "kubelet-client.key", named);
		assertThat(store().current()).contains(named);
		CertificatePair configured = pair();
		PairLocation initial = separate("tls.crt", "tls.key", configured);
		assertThat(store(initial, 5).current()).contains(configured);
		CertificatePair current = pair();
		Files.writeString(current(), Pem.write(current));
		assertThat(store(initial, 5).current()).contains(current);
	}

	@Test
	void currentWithAChainOfTwoKeepsItsOrder() throws IOException {
		CertificatePair pair = pair(2);
		Files.writeString(current(), Pem.write(pair));
		assertThat(store().current()).isPresent()
			.get()
			.satisfies((read) -> assertThat(read.chain()).isEqualTo(pair.chain()));
	}

	@Test
	void currentIsEmptyWhereNothingIsThere() throws IOException {
		assertThat(store().current()).isEmpty();
		Files.createSymbolicLink(current(), Path.of("gone.pem"));
		assertThat(store().current()).isEmpty();
	}

	@Test
	void interruptedSwitchIsFinished() throws IOException {
		CertificatePair pair = pair();
		Path file = file("2025-12-31-00-00-00.pem");
		Files.writeString(file, Pem.write(pair));
		Files.createSymbolicLink(file("updated.pem"), file.getFileName());
		assertThat(store().current()).contains(pair);
		assertThat(current()).isSymbolicLink();
		assertThat(Files.exists(file("updated.pem"), LinkOption.NOFOLLOW_LINKS)).isFalse();
	}

	@Test
	void updatedThatIsARegularFileIsAnError() throws IOException {
		Files.writeString(file("updated.pem"), "");
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store())
			.withMessageContaining("updated.pem is a file, but only a link can be there");
	}

	@Test
	void oldPairsAreRemovedButTheNewestFewAndWhatBelongsToOthersIsKept() throws IOException {
		Path stranger = Files.writeString(this.directory.resolve("kubelet-server-2020-01-01-00-00-00.pem"), "x");
		Path note = Files.writeString(file("note.pem"), "x");
		TestStore store = store(null, 2);
		List<Path> written = new ArrayList<>();
		for (int update = 0; update < 6; update++) {
			store.update(pair());
			written.add(current().toRealPath().getFileName());
			this.time.pass(Duration.ofSeconds(1));
		}
		assertThat(dated()).extracting(Path::getFileName).containsExactlyInAnyOrderElementsOf(written.subList(3, 6));
		assertThat(stranger).exists();
		assertThat(note).exists();
		assertThat(new PairFiles(this.directory, "kubelet-client").list()).contains(note).doesNotContain(stranger);
	}

	/** A process that is killed while it stores its request leaves a key behind. */
	@Test
	void whatAKilledProcessLeftBehindIsRemovedButNotWhatAnotherIsWriting() throws IOException {
		Path abandoned = this.directory.resolve(".kubelet-client-request.pem.abandoned");
		Path other = this.directory.resolve(".kubelet-server-request.pem.abandoned");
		Path recent = this.directory.resolve(".kubelet-client-request.pem.recent");
		Path note = file("note.pem");
		Path link = this.directory.resolve(".kubelet-client-current.pem.abandoned");
		Files.createSymbolicLink(link, Path.of("gone.pem"));
		Files.getFileAttributeView(link, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
			.setTimes(FileTime.from(this.time.instant().minus(Duration.ofHours(2))), null, null);
		for (Path file : List.of(abandoned, other, recent, note)) {
			Files.writeString(file, "secret");
			Files.setLastModifiedTime(file, FileTime
				.from(this.time.instant().minus(file.equals(recent) ? Duration.ofHours(1) : Duration.ofHours(2))));
		}
		store().update(pair());
		assertThat(abandoned).as("the first pair replaces nothing").exists();
		store().update(pair());
		assertThat(abandoned).doesNotExist();
		assertThat(Files.isSymbolicLink(link)).isFalse();
		assertThat(other).exists();
		assertThat(recent).exists();
		assertThat(note).exists();
	}

	@Test
	void pendingRequestIsForgottenAndAnotherOneIsNot() {
		TestStore store = store();
		PendingRequest kept = request();
		store.savePendingRequest(kept);
		store.deletePendingRequest(request());
		assertThat(store.pendingRequest()).map(PendingRequest::keys)
			.map(KeyPair::getPublic)
			.contains(kept.keys().getPublic());
		store.deletePendingRequest(kept);
		assertThat(store.pendingRequest()).isEmpty();
		store.deletePendingRequest(kept);
		assertThat(store.pendingRequest()).isEmpty();
	}

	@Test
	void pendingRequestThatAnotherProcessStoredMeanwhileIsNotForgotten() {
		TestStore store = store();
		PendingRequest own = request();
		store.savePendingRequest(own);
		PendingRequest other = request();
		store().savePendingRequest(other);
		store.deletePendingRequest(own);
		assertThat(store().pendingRequest()).map(PendingRequest::keys)
			.map(KeyPair::getPublic)
			.contains(other.keys().getPublic());
	}

	@Test
	void pendingRequestThatIsGoneNeedsNotBeForgotten() throws IOException {
		TestStore store = store();
		PendingRequest request = request();
		store.savePendingRequest(request);
		Files.delete(file("request.pem"));
		store.deletePendingRequest(request);
		assertThat(store.pendingRequest()).isEmpty();
	}

	@Test
	void pendingRequestThatIsDamagedIsNone() throws IOException {
		Files.writeString(file("request.pem"), "garbage");
		assertThat(store().pendingRequest()).isEmpty();
		Files.write(file("request.pem"), NO_TEXT);
		assertThat(store().pendingRequest()).isEmpty();
	}

	@Test
	void pendingRequestThatIsALinkToItselfIsNone() throws IOException {
		Files.createSymbolicLink(file("request.pem"), file("request.pem").getFileName());
		assertThat(store().pendingRequest()).isEmpty();
		assertThat(Files.isSymbolicLink(file("request.pem"))).isFalse();
	}

	private TestStore store(@Nullable PairLocation initial, int retain) {
		return TestStore.files(this.directory, "kubelet-client", initial, retain, this.time);
	}

	private CertificatePair pair(int length) {
		CertificatePair pair = pair();
		return (length == 1) ? pair
				: new CertificatePair(List.of(pair.leaf(), this.authority.certificate()), pair.privateKey());
	}

	private PairLocation separate(String certificate, String key, CertificatePair pair) throws IOException {
		String text = Pem.write(pair);
		int start = text.indexOf("-----BEGIN EC");
		return new PairLocation(Files.writeString(this.directory.resolve(certificate), text.substring(0, start)),
				Files.writeString(this.directory.resolve(key), text.substring(start)));
	}

	private Path current() {
		return file("current.pem");
	}

	private Path file(String suffix) {
		return this.directory.resolve("kubelet-client-" + suffix);
	}

	private List<Path> dated() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter((file) -> file.getFileName().toString().matches("kubelet-client-\\d{4}-.*")).toList();
		}
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
