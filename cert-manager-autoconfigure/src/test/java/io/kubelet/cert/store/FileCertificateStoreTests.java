package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.testsupport.ProjectFiles;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The kubelet's directory.
 *
 * @see FileCertificateStore
 * @see CertificateStore
 */
class FileCertificateStoreTests extends StoreFixture {

	@Test
	void regularCurrentFileIsAcceptedAndReplaced() throws IOException {
		CertificatePair old = pair();
		Files.writeString(current(), Pem.write(old));
		assertThat(store().current()).contains(old);
		CertificatePair updated = update();
		assertThat(current()).isSymbolicLink();
		assertThat(store().current()).contains(updated);
	}

	@Test
	void switchToAMissingFileIsRefusedAndChangesNothing() {
		CertificatePair old = update();
		Path missing = file("-2030-01-01-00-00-00.pem");
		assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> DurableFiles.link(current(), missing));
		assertThat(store().current()).contains(old);
	}

	@Test
	void updateMakesThePairWithItsChainCurrent() throws IOException {
		PairLocation initial = separate("kubelet.crt", "kubelet.key", pair());
		TestStore store = store(initial, 5);
		CertificatePair pair = pair();
		CertificatePair updated = new CertificatePair(List.of(pair.leaf(), this.authority.certificate()),
				pair.privateKey());
		store.update(updated);
		assertThat(store.current()).as("it is not read back").containsSame(updated);
		assertThat(store(initial, 5).current()).contains(updated);
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_24)
	void pairOfMlDsaIsStoredAndReadAgain() {
		CertificatePair pair = Pem
			.readPair(ProjectFiles.read("cert-manager-autoconfigure/src/test/resources/ml-dsa/pair.pem"));
		store().update(pair);
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
	void currentIsEmptyWhereNothingIsThere() throws IOException {
		assertThat(store().current()).isEmpty();
		Files.createSymbolicLink(current(), Path.of("gone.pem"));
		assertThat(store().current()).isEmpty();
	}

	@Test
	void interruptedSwitchIsFinished() throws IOException {
		CertificatePair pair = pair();
		Path file = Files.writeString(file("-2025-12-31-00-00-00.pem"), Pem.write(pair));
		Files.createSymbolicLink(file("-updated.pem"), file.getFileName());
		assertThat(store().current()).contains(pair);
		assertThat(current()).isSymbolicLink();
		assertThat(Files.exists(file("-updated.pem"), LinkOption.NOFOLLOW_LINKS)).isFalse();
	}

	@Test
	void updatedThatIsARegularFileIsAnError() throws IOException {
		Files.writeString(file("-updated.pem"), "");
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store())
			.withMessageContaining("updated.pem is a file, but only a link can be there");
	}

	/** Another name for the file in it would not help. */
	@Test
	@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
	void directoryThatHasBecomeAFileIsAnError() throws IOException {
		Path pki = this.directory.resolve("pki");
		TestStore store = TestStore.files(pki, "kubelet-client", null, 5, this.time);
		Files.createFile(pki);
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store.update(pair()))
			.withMessageContaining(pki.toString());
	}

	@Test
	void oldPairsAreRemovedButTheNewestFewAndWhatBelongsToOthersIsKept() throws IOException {
		Path stranger = Files.writeString(this.directory.resolve("kubelet-server-2020-01-01-00-00-00.pem"), "x");
		Path note = Files.writeString(file("-note.pem"), "x");
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
	}

	@Test
	void ownPendingRequestIsForgottenAndThatOfAnotherProcessIsNot() throws IOException {
		TestStore store = store();
		PendingRequest request = request();
		store.savePendingRequest(request);
		store.deletePendingRequest(request);
		assertThat(requestFile()).doesNotExist();
		assertThat(store.pendingRequest()).isEmpty();
		store.savePendingRequest(request);
		PendingRequest other = request();
		store().savePendingRequest(other);
		store.deletePendingRequest(request);
		assertThat(store().pendingRequest()).contains(other);
		store.savePendingRequest(request);
		Files.delete(requestFile());
		store.deletePendingRequest(request);
		assertThat(store.pendingRequest()).isEmpty();
	}

	@Test
	void pendingRequestThatIsDamagedIsNone() throws IOException {
		Files.writeString(requestFile(), "damaged");
		assertThat(store().pendingRequest()).isEmpty();
		assertThat(aside(requestFile())).exists();
	}

	private PairLocation separate(String certificate, String key, CertificatePair pair) throws IOException {
		return new PairLocation(Files.writeString(this.directory.resolve(certificate), Pem.write(pair.chain())),
				Files.writeString(this.directory.resolve(key), Pem.writePrivateKey(pair)));
	}

	private List<Path> dated() {
		return files("kubelet-client-\\d{4}-.*");
	}

}
