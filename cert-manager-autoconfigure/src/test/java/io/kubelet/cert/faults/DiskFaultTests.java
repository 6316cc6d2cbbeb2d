package io.kubelet.cert.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.kubelet.NodeKubeconfig;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.faults.FaultyDisk.Operation;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.ManagedFilesStore;
import io.kubelet.cert.store.PairLocation;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for a store whose disk fails, is full, or cannot be written.
 *
 * @see io.kubelet.cert.store.DurableFiles
 */
class DiskFaultTests {

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("one");

	private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);

	private static final FileChanges NOT_FOLLOWED = (files, look, late, delay) -> look;

	private static final TestAuthority authority = new TestAuthority("disk");

	private static final Stored OLD = stored();

	private static final Stored NEW = stored();

	private static final Stored NEXT = stored();

	/** Steps that remove what is of no use any longer. */
	private static final Set<Operation> CLEANING = EnumSet.of(Operation.LIST, Operation.NEXT_FILE, Operation.DELETE);

	@TempDir
	Path parent;

	private final FaultyDisk disk = new FaultyDisk();

	private Path directory;

	private TestStore store;

	@BeforeEach
	void create() {
		prepare(Start.NOTHING, "first");
	}

	@ParameterizedTest
	@EnumSource
	void pairAndRequestAreTheOldOrTheNewOnesWhenAnyOneStepFails(Start start) throws IOException {
		List<Operation> steps = steps(start);
		for (int i = 0; i < steps.size(); i++) {
			int failed = i;
			prepare(start, "once-" + failed);
			List<String> before = files();
			this.disk.fail((index) -> index == failed);
			StoreException failure = write(NEW);
			if (CLEANING.contains(steps.get(failed))) {
				assertThat(failure).isNull();
			}
			if (steps.get(failed) == Operation.SYNC_DIRECTORY) {
				assertThat(failure).as("as with a shared folder of VirtualBox").isNull();
			}
			boolean pair = failure == null || failed > steps.indexOf(Operation.RENAME);
			boolean request = failure == null || failed > steps.lastIndexOf(Operation.RENAME);
			assertStored(pair ? NEW : start.stored, request ? NEW : start.stored);
			if (!pair) {
				assertThat(files()).as("files after %s", steps.get(failed)).isEqualTo(before);
			}
			assertNoTemporaryFile();
			assertNextWriteWorks(failure);
		}
	}

	/**
	 * So that the log can tell what is new: a temporary file has another name each time.
	 */
	@ParameterizedTest
	@EnumSource(names = { "CREATE_FILE", "WRITE", "SYNC" })
	void failureHasTheSameWordsEachTime(Operation operation) throws IOException {
		int failed = steps(Start.NOTHING).indexOf(operation);
		prepare(Start.NOTHING, "again");
		this.disk.fail((index) -> index == failed);
		String first = Objects.requireNonNull(write(NEW)).getMessage();
		prepare(Start.NOTHING, "again");
		this.disk.fail((index) -> index == failed);
		assertThat(write(NEW)).hasMessage(first);
	}

	@ParameterizedTest
	@EnumSource
	void pairAndRequestAreTheOldOrTheNewOnesWhenTheDiskDiesAtAnyStep(Start start) {
		int steps = steps(start).size();
		for (int i = 0; i < steps; i++) {
			int failed = i;
			prepare(start, "dead-" + failed);
			this.disk.fail((index) -> index >= failed);
			StoreException failure = write(NEW);
			Stored current = store(this.directory).read();
			assertThat(current.pair()).isIn(start.stored.pair(), NEW.pair());
			assertThat(key(current)).isIn(key(start.stored), key(NEW));
			assertNextWriteWorks(failure);
		}
	}

	/** A link takes room as well. */
	@ParameterizedTest
	@EnumSource
	void fullDiskLeavesTheOldPairOrRequestAndNoTruncatedFile(Start start) throws IOException {
		int pair = Pem.write(Objects.requireNonNull(NEW.pair())).length();
		int request = Objects.requireNonNull(NEW.pending()).toPem().length();
		for (int room : new int[] { 0, 1, pair / 2, pair - 1, pair, pair + 1, pair + 2, pair + request / 2,
				pair + request }) {
			prepare(start, "full-" + room);
			this.disk.limit(room);
			assertFails("No space left on device", (room > pair) ? NEW : start.stored, start.stored);
		}
	}

	@ParameterizedTest
	@EnumSource
	void directoryThatCannotBeWrittenIsLeftAsItIs(Start start) throws IOException {
		prepare(start, "read-only");
		this.disk.mountReadOnly();
		assertFails("Read-only file system", start.stored, start.stored);
	}

	@Test
	void diskWithoutModesIsWrittenWithoutThemAndItsDirectoryIsNotOpened() {
		this.disk.removeModes();
		assertThat(steps(Start.LINK)).contains(Operation.SYNC, Operation.RENAME)
			.doesNotContain(Operation.OPEN_DIRECTORY, Operation.SYNC_DIRECTORY);
		assertStored(NEW, NEW);
	}

	/**
	 * Otherwise, a power failure could undo the switch to a pair whose old files are
	 * gone.
	 */
	@Test
	void directoryIsForcedToDiskAfterEachNewName() {
		List<Operation> steps = steps(Start.LINK);
		for (int i = steps.indexOf(Operation.RENAME); i <= steps.lastIndexOf(Operation.RENAME); i++) {
			if (steps.get(i) == Operation.RENAME) {
				assertThat(steps.subList(i, i + 3)).endsWith(Operation.OPEN_DIRECTORY, Operation.SYNC_DIRECTORY);
			}
		}
	}

	@Test
	void pairThatIsCreatedInTwoFilesIsForcedToDiskWithItsDirectory() {
		Path directory = this.disk.on(this.directory);
		ManagedFilesStore store = new ManagedFilesStore(
				new PairLocation(directory.resolve("tls.crt"), directory.resolve("tls.key")), NOT_FOLLOWED, CLOCK);
		Supplier<CertificatePair> pair = () -> Objects.requireNonNull(NEW.pair());
		this.disk.mountReadOnly();
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store.createIfMissing(pair))
			.withMessageContainingAll("Cannot create the pair in ",
					"Read-only file system. Make the directory writable");
		this.disk.repair();
		assertThat(store.createIfMissing(pair)).isTrue();
		assertThat(this.disk.operations()).endsWith(Operation.OPEN_DIRECTORY, Operation.SYNC_DIRECTORY);
	}

	@Test
	void kubeconfigOnADiskWithoutModesIsWrittenWithoutThem() throws Exception {
		Path bootstrap = CertificateContexts.writeKubeconfig(this.parent.resolve("bootstrap"),
				"https://127.0.0.1:6443");
		this.disk.removeModes();
		Path kubeconfig = this.parent.resolve("kubeconfig");
		NodeKubeconfig.write(this.disk.on(kubeconfig), bootstrap, null, Path.of("/pki/current.pem"));
		assertThat(kubeconfig).content().contains("/pki/current.pem", "https://127.0.0.1:6443");
	}

	@ParameterizedTest
	@ValueSource(strings = { "rwxrwxrwx", "rw-r--r--" })
	void keyIsNotWrittenWhereModesAreIgnored(String mode) throws IOException {
		List<String> files = files();
		this.disk.imposeMode(mode);
		assertThat(write(NEW)).isNotNull().hasMessageContaining("the file system ignores the mode of files");
		assertThat(files()).isEqualTo(files);
		this.disk.imposeMode("rw-rw----");
		assertThat(write(NEW)).isNull();
	}

	/** As an NFS server with root_squash does. */
	@Test
	void pairOnADiskThatMapsUsersIsOurOwn() throws IOException {
		assumeThat(System.getProperty("user.name")).isEqualTo("root");
		this.disk.mapUsersTo(12345);
		assertThat(write(NEW)).isNull();
		assertThat(store(this.disk.on(this.directory)).read().pair()).isEqualTo(NEW.pair());
		List<String> files = List.of("one-2026-01-01-00-00-00.pem", "one-current.pem", "one-request.pem");
		assertThat(files()).isEqualTo(files);
		this.disk.fail((index) -> this.disk.operations().get(index) == Operation.CREATE_FILE);
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store(this.disk.on(this.directory)).read())
			.withMessageContaining("no file can be created there");
		assertThat(files()).as("without room").isEqualTo(files);
	}

	/** As in a container whose file systems are read-only. */
	@Test
	void ownPairOnADiskThatCannotBeWrittenIsUsed() {
		prepare(Start.LINK, "own");
		this.disk.mountReadOnly();
		assertThat(store(this.disk.on(this.directory)).read().pair()).isEqualTo(OLD.pair());
	}

	/** Before the next step of ours, the other process has finished. */
	@Test
	void linkThatAnotherProcessHasRepairedIsNotSetAside() throws IOException {
		prepare(Start.LINK, "repaired");
		Path damaged = this.directory.resolve("one-current.pem").toRealPath();
		Files.writeString(damaged, "");
		this.disk.fail((index) -> {
			List<Operation> steps = this.disk.operations();
			if (index > 0 && steps.subList(0, index).contains(Operation.READ) && !Files.exists(aside())) {
				assertThat(store(this.directory).read().pair()).isEqualTo(OLD.pair());
			}
			return false;
		});
		assertThat(this.store.read().pair()).isEqualTo(OLD.pair());
		assertThat(aside().toRealPath()).isEqualTo(damaged);
		assertThat(this.disk.operations()).as("a second repair").doesNotContain(Operation.LIST, Operation.RENAME);
	}

	private Path aside() {
		return this.directory.resolve("one-current.pem.damaged");
	}

	private List<Operation> steps(Start start) {
		prepare(start, "steps-" + start);
		assertThat(write(NEW)).isNull();
		return this.disk.operations();
	}

	private void prepare(Start start, String name) {
		this.disk.repair();
		this.directory = this.parent.resolve(name);
		start.prepare(this.directory);
		this.store = store(this.disk.on(this.directory));
		this.disk.repair();
	}

	/** Stores a pair, and then a request. */
	private @Nullable StoreException write(Stored next) {
		return catchThrowableOfType(StoreException.class, () -> this.store.write(next));
	}

	private void assertFails(String reason, Stored pair, Stored request) throws IOException {
		List<String> before = files();
		StoreException failure = write(NEW);
		assertThat(failure).hasMessageContaining(reason);
		assertStored(pair, request);
		if (pair != NEW) {
			assertThat(files()).isEqualTo(before);
		}
		assertNoTemporaryFile();
		assertNextWriteWorks(failure);
	}

	private void assertNoTemporaryFile() throws IOException {
		assertThat(files()).noneMatch((name) -> name.startsWith("."));
	}

	private void assertNextWriteWorks(@Nullable StoreException failure) {
		if (failure != null) {
			assertThat(failure).hasMessageContaining(this.directory.toString())
				.hasMessageContaining("Make the directory writable and check that its disk has room");
		}
		this.disk.repair();
		assertThat(write(NEXT)).isNull();
		assertStored(NEXT, NEXT);
	}

	/** What a process sees that starts now. */
	private void assertStored(Stored pair, Stored request) {
		Stored current = store(this.directory).read();
		assertThat(current.pair()).isEqualTo(pair.pair());
		assertThat(key(current)).isEqualTo(key(request));
	}

	private static @Nullable PublicKey key(Stored stored) {
		PendingRequest pending = stored.pending();
		return (pending != null) ? pending.request().publicKey() : null;
	}

	private List<String> files() throws IOException {
		if (!Files.exists(this.directory)) {
			return List.of();
		}
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.map((file) -> file.getFileName().toString()).sorted().toList();
		}
	}

	private static TestStore store(Path directory) {
		return TestStore.files(directory, "one", null, 1, CLOCK);
	}

	private static Stored stored() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		PendingRequest pending = new PendingRequest(CertificateRequests.create("csr", TEMPLATE,
				Signer.of("example.com/signer"), List.of(Usage.CLIENT_AUTH), null, keys), keys.getPrivate(), null,
				null);
		return new Stored(
				authority.pair(TEMPLATE, Instant.parse("2020-01-01T00:00:00Z"), Instant.parse("2050-01-01T00:00:00Z")),
				pending, null, null);
	}

	/** What is in the directory before. */
	enum Start {

		NOTHING(Stored.NOTHING), LINK(OLD), FILE(OLD);

		private final Stored stored;

		Start(Stored stored) {
			this.stored = stored;
		}

		private void prepare(Path directory) {
			if (this == NOTHING) {
				return;
			}
			for (int i = 0; i < 2; i++) {
				store(directory).write(OLD);
			}
			if (this == FILE) {
				Path current = directory.resolve("one-current.pem");
				try {
					Files.delete(current);
					Files.writeString(current, Pem.write(Objects.requireNonNull(OLD.pair())));
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			}
		}

	}

}
