package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestStore;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Files that someone else manages.
 *
 * @see ManagedFilesStore
 * @see PairReader
 */
class ManagedFilesStoreTests extends StoreFixture {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	private final SimulatedTime time = new SimulatedTime(ManagerFixture.START);

	private Instant modified = ManagerFixture.START;

	private final List<Runnable> looks = new ArrayList<>();

	private final FileChanges changes = (files, look, late, delay) -> {
		assertThat(files.get()).isEqualTo(this.files.files());
		this.looks.add(look);
		return this.looks::clear;
	};

	private PairLocation files;

	private TestStore store;

	@BeforeEach
	void create() {
		this.files = new PairLocation(this.directory.resolve("tls.crt"), this.directory.resolve("tls.key"));
		this.store = new TestStore(managed(this.files));
	}

	@Test
	void thereIsNoPairUntilBothFilesAreThere() throws IOException {
		CertificatePair pair = pair();
		assertThat(this.store.current()).isEmpty();
		writeCertificate(pair);
		assertThat(this.store.current()).isEmpty();
		writeKey(pair);
		CertificatePair read = this.store.current().orElseThrow();
		assertThat(read).isEqualTo(pair);
		assertThat(this.store.current()).as("it is not read again").containsSame(read);
	}

	/** As by programs that set the date of what they install. */
	@Test
	void pairThatWasReplacedByOneOfTheSameLengthAndDateIsRead() throws IOException {
		Path file = this.directory.resolve("tls.pem");
		TestStore store = new TestStore(managed(PairLocation.of(file)));
		for (int replaced = 0; replaced < 2; replaced++) {
			CertificatePair pair = pair();
			String text = Pem.write(pair);
			Path next = Files.writeString(this.directory.resolve("next"), text + "\n".repeat(4096 - text.length()));
			Files.setLastModifiedTime(next, FileTime.from(ManagerFixture.START));
			Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
			assertThat(store.current()).contains(pair);
		}
	}

	@Test
	void filesThatAreReplacedOneAfterTheOtherAreReportedOnlyAfterTenSeconds() throws IOException {
		CertificatePair first = write(pair());
		assertThat(this.store.current()).isPresent();
		CertificatePair next = pair();
		writeCertificate(next);
		assertThat(this.store.current()).contains(first);
		this.time.pass(LIMIT.minusMillis(1));
		assertThat(this.store.current()).contains(first);
		this.time.pass(Duration.ofMillis(1));
		assertIsDamaged(this.store);
		writeKey(next);
		assertThat(this.store.current()).contains(next);
	}

	@Test
	void filesWithoutAPairAreReportedAtTheSecondLookIfThereIsNoOtherPair() throws IOException {
		write(pair());
		writeCertificate(pair());
		assertThat(this.store.current()).isEmpty();
		assertIsDamaged(this.store);
	}

	private void assertIsDamaged(TestStore store) {
		assertFails(store::current,
				"The pair in %s and %s is damaged: The private key does not belong to the certificate"
					.formatted(this.files.certificate(), this.files.privateKey()));
	}

	@Test
	void fileThatIsGoneIsReportedOnceThereWasAPair() throws IOException {
		CertificatePair first = write(pair());
		assertThat(this.store.current()).isPresent();
		for (int times = 0; times < 2; times++) {
			Files.delete(this.files.privateKey());
			assertThat(this.store.current()).contains(first);
			this.time.pass(LIMIT);
			assertFails(this.store::current, "The file %s is missing".formatted(this.files.privateKey()));
			writeKey(first);
			assertThat(this.store.current()).contains(first);
		}
	}

	@Test
	void pairIsCreatedUnlessOneOfItsFilesExists() throws IOException {
		ManagedFilesStore store = managed(this.files);
		for (Path half : List.of(this.files.certificate(), this.files.privateKey())) {
			CertificatePair pair = pair();
			assertThat(this.files.missingHalf()).isEmpty();
			assertThat(store.createIfMissing(() -> pair)).isTrue();
			assertThat(this.store.current()).contains(pair);
			assertThat(this.files.missingHalf()).isEmpty();
			Files.delete(half);
			assertThat(this.files.missingHalf()).contains(half);
			assertThat(store.createIfMissing(this::pair)).isFalse();
			assertThat(half).doesNotExist();
			Files.deleteIfExists(this.files.certificate());
			Files.deleteIfExists(this.files.privateKey());
		}
	}

	@Test
	void pairThatAnotherProcessCreatesMeanwhileIsKept() {
		ManagedFilesStore store = managed(this.files);
		CertificatePair other = pair();
		assertThat(store.createIfMissing(() -> {
			store.createIfMissing(() -> other);
			return pair();
		})).isFalse();
		assertThat(this.store.current()).contains(other);
	}

	@Test
	void directoryInPlaceOfAFileCannotBeRead() throws IOException {
		CertificatePair pair = write(pair());
		assertThat(this.store.current()).contains(pair);
		Files.delete(this.files.certificate());
		Files.createDirectory(this.files.certificate());
		assertThat(this.store.current()).as("it may be replaced").contains(pair);
		this.time.pass(LIMIT);
		assertFails(this.store::current, "Cannot read the pair in " + this.files);
	}

	@Test
	void bothFilesAreFollowed() {
		AtomicInteger changed = new AtomicInteger();
		managed(this.files).onChange(changed::incrementAndGet);
		this.looks.forEach(Runnable::run);
		assertThat(changed).hasValue(1);
	}

	@Test
	void nothingIsEverWritten() throws IOException {
		assertFails(() -> this.store.update(pair()), this.files + " is managed by another program");
		assertThat(this.directory).isEmptyDirectory();
	}

	private ManagedFilesStore managed(PairLocation files) {
		return new ManagedFilesStore(files, this.changes, this.time);
	}

	private static void assertFails(ThrowingCallable call, String message) {
		assertThatExceptionOfType(StoreException.class).isThrownBy(call).withMessageContaining(message);
	}

	private CertificatePair write(CertificatePair pair) throws IOException {
		writeCertificate(pair);
		writeKey(pair);
		return pair;
	}

	private void writeCertificate(CertificatePair pair) throws IOException {
		write(this.files.certificate(), Pem.write(pair.chain()));
	}

	private void writeKey(CertificatePair pair) throws IOException {
		write(this.files.privateKey(), Pem.writePrivateKey(pair));
	}

	/** Each time with a later date, however coarse the file system's dates are. */
	private void write(Path file, String text) throws IOException {
		Files.writeString(file, text);
		this.modified = this.modified.plusSeconds(1);
		Files.setLastModifiedTime(file, FileTime.from(this.modified));
	}

}
