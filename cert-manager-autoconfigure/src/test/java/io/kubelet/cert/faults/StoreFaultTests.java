package io.kubelet.cert.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.Figures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the engine with a store that fails or whose files are damaged.
 */
class StoreFaultTests extends RotatingProgramTest {

	@Test
	void pairThatCannotBeStoredIsNotUsedAndNotRequestedAgain() {
		UnwritableStore store = new UnwritableStore(this.program.storeOld(this.directory));
		store.pairFails = true;
		this.program.start(store, (builder) -> builder);
		assertThat(this.program.awaitFailure("Store", 3).message()).contains("No space left on device");
		assertThat(this.program.creates()).isOne();
		store.pairFails = false;
		this.program.awaitRotation();
		assertThat(this.program.creates()).isOne();
		assertThat(this.program.objects()).isOne();
		Figures.report("pair cannot be stored", this.program.figures());
	}

	@Test
	void nothingIsRequestedWhileTheKeyCannotBeStored() {
		UnwritableStore store = new UnwritableStore(this.program.storeOld(this.directory));
		store.requestFails = true;
		this.program.start(store, (builder) -> builder);
		this.program.awaitFailure("Store", 3);
		assertThat(this.program.creates()).isZero();
		store.requestFails = false;
		this.program.awaitRotation();
		this.program.assertFigures("key cannot be stored", "1 POST, 1 watch, 0 GET, 0 list, 1 objects");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "-----BEGIN CERTIFICATE-----\nMIIB", "garbage" })
	void currentFileThatIsDamagedMakesWayForANewPair(String content) throws IOException {
		this.program.store(this.directory).update(this.program.old);
		Files.writeString(this.directory.resolve("one-current.pem").toRealPath(), content);
		this.program.start(this.program.store(this.directory), (builder) -> builder);
		CertificatePair pair = this.program.awaitRotation();
		assertThat(this.program.store(this.directory).current()).contains(pair);
		assertThat(files()).anyMatch((file) -> file.endsWith(".damaged"));
		this.program.assertFigures("damaged current file", "1 POST, 1 watch, 0 GET, 0 list, 1 objects");
	}

	@Test
	void danglingLinkCountsAsNoPair() throws IOException {
		this.program.store(this.directory).update(this.program.old);
		Files.delete(this.directory.resolve("one-current.pem").toRealPath());
		this.program.start(this.program.store(this.directory), (builder) -> builder);
		CertificatePair pair = this.program.awaitRotation();
		assertThat(this.program.store(this.directory).current()).contains(pair);
		this.program.assertFigures("dangling link", "1 POST, 1 watch, 0 GET, 0 list, 1 objects");
	}

	@Test
	void directoryThatVanishesIsMadeAnew() throws IOException {
		Path vanishing = this.directory.resolve("pki");
		this.program.controlPlane.pause();
		this.program.start(vanishing);
		this.program.awaitFailure("Unreachable", 1);
		await().until(() -> {
			files(vanishing).forEach((file) -> vanishing.resolve(file).toFile().delete());
			return vanishing.toFile().delete();
		});
		this.program.assertOldServes();
		this.program.controlPlane.resume();
		CertificatePair pair = this.program.awaitRotation();
		assertThat(this.program.store(vanishing).current()).contains(pair);
		assertThat(this.program.creates()).isOne();
		Figures.report("directory vanished", this.program.figures());
	}

	private List<String> files() throws IOException {
		return files(this.directory);
	}

	private static List<String> files(Path directory) throws IOException {
		try (Stream<Path> files = Files.list(directory)) {
			return files.map((file) -> file.getFileName().toString()).toList();
		}
	}

	/** A store on a disk that is full, for pairs or for requests. */
	private static final class UnwritableStore implements CertificateStore {

		private final CertificateStore store;

		private volatile boolean pairFails;

		private volatile boolean requestFails;

		private Stored last = Stored.NOTHING;

		UnwritableStore(CertificateStore store) {
			this.store = store;
		}

		@Override
		public Stored read() {
			this.last = this.store.read();
			return this.last;
		}

		@Override
		public Stored write(Stored next) {
			failIf(this.pairFails && next.pair() != this.last.pair());
			failIf(this.requestFails && next.pending() != null && next.pending() != this.last.pending());
			this.last = this.store.write(next);
			return this.last;
		}

		private static void failIf(boolean fails) {
			if (fails) {
				throw new StoreException("No space left on device", null);
			}
		}

	}

}
