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
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.faults.FaultyDisk.Operation;
import io.kubelet.cert.kubernetes.internal.NodeKubeconfig;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for a store whose disk fails, is full, or cannot be written.
 */
class DiskFaultTests {

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("one");

	private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);

	private static final TestAuthority authority = new TestAuthority("disk");

	private static final CertificatePair OLD = pair();

	private static final CertificatePair NEW = pair();

	private static final CertificatePair NEXT = pair();

	private static final PendingRequest OLD_REQUEST = request();

	private static final PendingRequest NEW_REQUEST = request();

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
	void currentIsTheOldOrTheNewPairWhenAnyOneStepFails(Start start) throws IOException {
		List<Operation> steps = stepsOfUpdate(start);
		for (int i = 0; i < steps.size(); i++) {
			int failed = i;
			prepare(start, "once-" + failed);
			List<String> before = files();
			this.disk.fail((index) -> index == failed);
			StoreException failure = update(NEW);
			boolean switched = failure == null || failed > steps.indexOf(Operation.RENAME);
			assertThat(current()).as("current after %s", steps.get(failed)).isEqualTo(switched ? NEW : start.pair);
			if (!switched) {
				assertThat(files()).as("files after %s", steps.get(failed)).isEqualTo(before);
			}
			assertNextUpdateWorks(failure);
		}
	}

	@ParameterizedTest
	@EnumSource
	void currentIsTheOldOrTheNewPairWhenTheDiskDiesAtAnyStep(Start start) throws IOException {
		List<Operation> steps = stepsOfUpdate(start);
		for (int i = 0; i < steps.size(); i++) {
			int failed = i;
			prepare(start, "dead-" + failed);
			this.disk.fail((index) -> index >= failed);
			StoreException failure = update(NEW);
			assertThat(current()).as("current after %s", steps.get(failed)).isIn(start.pair, NEW);
			assertNextUpdateWorks(failure);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "LIST", "NEXT_FILE", "DELETE" })
	void updateSucceedsWhenOldFilesCannotBeRemoved(Operation failed) {
		int step = stepsOfUpdate(Start.LINK).indexOf(failed);
		prepare(Start.LINK, "kept");
		this.disk.fail((index) -> index == step);
		assertThat(update(NEW)).isNull();
		assertThat(current()).isEqualTo(NEW);
	}

	@Test
	void updateTakesEveryStepThatADiskCanFail() throws IOException {
		assertThat(Stream.of(Start.values()).map(this::stepsOfUpdate).flatMap(List::stream))
			.contains(Operation.values());
	}

	@ParameterizedTest
	@EnumSource
	void fullDiskLeavesTheOldPairAndNoTruncatedFile(Start start) throws IOException {
		int length = Pem.write(NEW).length();
		for (int room : new int[] { 0, 1, length / 2, length - 1, length }) {
			prepare(start, "full-" + room);
			this.disk.limit(room);
			assertUpdateChangesNothing(start, "No space left on device");
		}
	}

	@ParameterizedTest
	@EnumSource
	void directoryThatCannotBeWrittenLeavesTheOldPair(Start start) throws IOException {
		prepare(start, "read-only");
		this.disk.mountReadOnly();
		assertUpdateChangesNothing(start, "Read-only file system");
	}

	private void assertUpdateChangesNothing(Start start, String reason) throws IOException {
		List<String> before = files();
		StoreException failure = update(NEW);
		assertThat(failure).hasMessageContaining(reason);
		assertThat(current()).isEqualTo(start.pair);
		assertThat(files()).isEqualTo(before);
		assertNextUpdateWorks(failure);
	}

	@Test
	void diskWithoutModesIsWrittenWithoutThemAndItsDirectoryIsNotOpened() throws IOException {
		this.disk.removeModes();
		assertThat(stepsOfUpdate(Start.LINK)).contains(Operation.SYNC, Operation.RENAME)
			.doesNotContain(Operation.OPEN_DIRECTORY, Operation.SYNC_DIRECTORY);
		assertThat(current()).isEqualTo(NEW);
	}

	@Test
	void pairThatIsCreatedInTwoFilesIsForcedToDiskWithItsDirectory() {
		Path directory = this.disk.on(this.directory);
		ManagedFilesStore store = new ManagedFilesStore(
				new PairLocation(directory.resolve("tls.crt"), directory.resolve("tls.key")), CLOCK);
		this.disk.mountReadOnly();
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store.createIfMissing(() -> NEW))
			.withMessageContainingAll("Cannot create the pair in ",
					"Read-only file system. Make the directory writable");
		this.disk.repair();
		assertThat(store.createIfMissing(() -> NEW)).isTrue();
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

	/** As an NFS server with root_squash does. */
	@Test
	void pairOnADiskThatMapsUsersIsOurOwn() throws IOException {
		assumeThat(System.getProperty("user.name")).isEqualTo("root");
		this.disk.mapUsersTo(12345);
		assertThat(update(NEW)).isNull();
		assertThat(store(this.disk.on(this.directory)).current()).contains(NEW);
		assertThat(files()).containsExactly("one-2026-01-01-00-00-00.pem", "one-current.pem");
	}

	@Test
	void fullDiskLeavesTheOldRequestAndNoTruncatedFile() throws IOException {
		int length = NEW_REQUEST.toPem().length();
		for (int room : new int[] { 0, 1, length / 2, length - 1 }) {
			prepareRequest("request-full-" + room);
			this.disk.limit(room);
			assertNotSaved("No space left on device", OLD_REQUEST);
		}
	}

	@Test
	void pendingRequestIsTheOldOrTheNewOneWhenAnyStepFails() throws IOException {
		prepareRequest("request-steps");
		List<Operation> steps = this.disk.operations();
		assertThat(steps).endsWith(Operation.RENAME, Operation.OPEN_DIRECTORY, Operation.SYNC_DIRECTORY);
		for (int i = 0; i < steps.size(); i++) {
			int failed = i;
			prepareRequest("request-" + failed);
			this.disk.fail((index) -> index == failed);
			assertNotSaved("Input/output error",
					(failed <= steps.indexOf(Operation.RENAME)) ? OLD_REQUEST : NEW_REQUEST);
		}
	}

	@Test
	void temporaryFileWhoseStateCannotBeReadIsRemoved() throws IOException {
		prepareRequest("request-state");
		this.disk.hide((file) -> file.getFileName().toString().startsWith(".one-request.pem."));
		assertNotSaved("Input/output error", OLD_REQUEST);
	}

	private void prepareRequest(String name) {
		prepare(Start.LINK, name);
		this.store.savePendingRequest(OLD_REQUEST);
	}

	private void assertNotSaved(String reason, PendingRequest kept) throws IOException {
		List<String> before = files();
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.savePendingRequest(NEW_REQUEST))
			.withMessageContainingAll(this.directory.toString(), reason,
					"Make the directory writable and check that its disk has room");
		assertThat(pendingRequestKey()).isEqualTo(kept.request().publicKey());
		assertThat(files()).isEqualTo(before);
		this.disk.repair();
		this.store.savePendingRequest(NEW_REQUEST);
		assertThat(pendingRequestKey()).isEqualTo(NEW_REQUEST.request().publicKey());
	}

	@Test
	void truncatedFileThatCannotBeRemovedIsToldOfBesideTheFailure() {
		int write = stepsOfUpdate(Start.NOTHING).indexOf(Operation.WRITE);
		prepare(Start.NOTHING, "truncated");
		this.disk.fail((index) -> index >= write);
		assertThat(update(NEW))
			.hasStackTraceContaining("Suppressed: java.nio.file.FileSystemException: " + this.directory);
	}

	private List<Operation> stepsOfUpdate(Start start) {
		prepare(start, "steps-" + start);
		assertThat(update(NEW)).isNull();
		return this.disk.operations();
	}

	private void prepare(Start start, String name) {
		this.disk.repair();
		this.directory = this.parent.resolve(name);
		start.prepare(this.directory);
		this.store = store(this.disk.on(this.directory));
		this.disk.repair();
	}

	private @Nullable StoreException update(CertificatePair pair) {
		return catchThrowableOfType(StoreException.class, () -> this.store.update(pair));
	}

	private void assertNextUpdateWorks(@Nullable StoreException failure) throws IOException {
		if (failure != null) {
			assertThat(failure).hasMessageContaining(this.directory.toString())
				.hasMessageContaining("Make the directory writable and check that its disk has room");
		}
		this.disk.repair();
		assertThat(update(NEXT)).isNull();
		assertThat(current()).isEqualTo(NEXT);
	}

	/** What a process sees that starts now. */
	private @Nullable CertificatePair current() {
		return store(this.directory).current().orElse(null);
	}

	private PublicKey pendingRequestKey() {
		return store(this.directory).pendingRequest().orElseThrow().request().publicKey();
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

	private static CertificatePair pair() {
		return authority.pair(TEMPLATE, Instant.parse("2020-01-01T00:00:00Z"), Instant.parse("2050-01-01T00:00:00Z"));
	}

	private static PendingRequest request() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return new PendingRequest(CertificateRequests.create(null, TEMPLATE, "example.com/signer",
				List.of(Usage.CLIENT_AUTH), null, keys), keys.getPrivate(), null, null);
	}

	/** What is in the directory before the update. */
	enum Start {

		NOTHING(null), LINK(OLD), FILE(OLD);

		private final @Nullable CertificatePair pair;

		Start(@Nullable CertificatePair pair) {
			this.pair = pair;
		}

		private void prepare(Path directory) {
			if (this == NOTHING) {
				return;
			}
			for (int i = 0; i < 3; i++) {
				store(directory).update(OLD);
			}
			if (this == FILE) {
				Path current = directory.resolve("one-current.pem");
				try {
					Files.delete(current);
					Files.writeString(current, Pem.write(OLD));
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			}
		}

	}

}
