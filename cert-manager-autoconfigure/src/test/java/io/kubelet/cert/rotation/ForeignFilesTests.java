package io.kubelet.cert.rotation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.store.PairLocation;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Files that another program writes (contract rows B9 and C28).
 */
@ExtendWith(OutputCaptureExtension.class)
class ForeignFilesTests {

	private static final Duration LOOK = Duration.ofMinutes(1);

	@TempDir
	Path directory;

	private final ManagerFixture fixture = new ManagerFixture();

	private final CertificatePair first = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));

	private final CertificatePair second = this.fixture.pair(Duration.ofMinutes(1), Duration.ofHours(199));

	private PairLocation files;

	@BeforeEach
	void writeFirst() throws IOException {
		this.files = new PairLocation(this.directory.resolve("tls.crt"), this.directory.resolve("tls.key"));
		writeCertificate(this.first);
		writeKey(this.first);
	}

	@Test
	void pairThatAnotherProgramStoredIsTakenWithinAMinuteAndRequestsNothing() {
		store().update(this.first);
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).store(store()));
		store().update(this.second);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.second);
		assertThat(this.fixture.rotations).containsExactly(new ManagerFixture.Rotated(this.first, this.second));
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void expiredPairThatAnotherProgramStoredIsNotTaken() {
		store().update(this.first);
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).store(store()));
		store().update(this.fixture.pair(Duration.ofHours(2), Duration.ofHours(-1)));
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.first);
		assertThat(this.fixture.rotations).isEmpty();
	}

	@Test
	void pairWhoseNamesCannotBeReadIsRotatedAndSaidToBeSo(CapturedOutput output) {
		store().update(this.first);
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).store(store()));
		CertificatePair malformed = malformedPair();
		store().update(malformed);
		this.fixture.time.pass(LOOK);
		assertThat(this.fixture.rotations).hasSize(2)
			.first()
			.extracting(ManagerFixture.Rotated::current)
			.isEqualTo(malformed);
		assertThat(manager.current()).isPresent().get().isNotEqualTo(malformed);
		assertThat(output).containsOnlyOnce("The subject alternative names of the certificate with serial number "
				+ malformed.serialNumber() + " cannot be read: IP address of an illegal length");
	}

	@Test
	void storedPairWhoseNamesCannotBeReadIsRotatedAtTheStart() {
		store().update(malformedPair());
		this.fixture.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).store(store()));
		assertThat(this.fixture.rotations).hasSize(1);
	}

	@Test
	void filesManagedBySomeoneElseAreReadAgain() throws IOException {
		CertificateManager manager = startWithoutRotation();
		writeCertificate(this.second);
		writeKey(this.second);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.second);
		assertThat(this.fixture.rotations).hasSize(1);
	}

	@Test
	void filesThatDoNotMatchAreIgnoredAndTheLastValidPairIsKept() throws IOException {
		CertificateManager manager = startWithoutRotation();
		writeCertificate(this.second);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.first);
		writeKey(this.second);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.second);
	}

	@Test
	void filesThatDisappearLeaveTheLastPairInUse() throws IOException {
		CertificateManager manager = startWithoutRotation();
		Files.delete(this.files.certificate());
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.first);
	}

	private CertificatePair malformedPair() {
		return this.fixture.authority.pairWithMalformedNames(ManagerFixture.TEMPLATE, ManagerFixture.START,
				ManagerFixture.START.plus(Duration.ofHours(99)));
	}

	private CertificateManager startWithoutRotation() {
		CertificateManager manager = this.fixture
			.start(this.fixture.withoutSigner().template(ManagerFixture.TEMPLATE).store(store()));
		assertThat(manager.current()).contains(this.first);
		return manager;
	}

	private FileCertificateStore store() {
		return new FileCertificateStore(this.directory, "kubelet-client", this.files, 5, this.fixture.time);
	}

	private void writeCertificate(CertificatePair pair) throws IOException {
		Files.writeString(this.files.certificate(), Pem.write(pair.chain()));
	}

	private void writeKey(CertificatePair pair) throws IOException {
		String text = Pem.write(pair);
		Files.writeString(this.files.privateKey(), text.substring(text.indexOf("-----BEGIN EC")));
	}

}
