package io.kubelet.cert.rotation.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.store.PairLocation;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Files that another program writes.
 */
@ExtendWith(OutputCaptureExtension.class)
class ForeignFilesTests {

	private static final Duration LOOK = Duration.ofMinutes(1);

	private static final CertificateTemplate OTHER_TEMPLATE = CertificateTemplate.ofSubject("system:node:n2",
			"system:nodes");

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
		CertificateManager manager = startWithFirst();
		store().update(this.second);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.second);
		assertThat(this.fixture.rotations).containsExactly(new ManagerFixture.Rotated(this.first, this.second));
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void damagedPairIsAWarningUntilANewOneIsStored(CapturedOutput output) throws IOException {
		CertificateManager manager = startWithFirst();
		assertThat(manager.status().health().storeProblem()).isNull();
		Files.writeString(this.directory.resolve("kubelet-client-current.pem"), "garbage");
		this.fixture.time.pass(LOOK.multipliedBy(2));
		assertThat(manager.current()).contains(this.first);
		assertThat(manager.status().health().storeProblem()).contains("kubelet-client-current.pem", "damaged",
				"the last valid pair stays in use",
				"or rotate (POST /actuator/certificates/" + manager.name() + ") to store a new pair");
		assertThat(output).containsOnlyOnce("A restart finds only what is stored: repair it, or rotate");
		manager.rotate();
		this.fixture.time.settle();
		assertThat(manager.status().health().storeProblem()).isNull();
		assertThat(store().current()).isEqualTo(manager.current());
		assertThat(manager.current()).isPresent().isNotEqualTo(Optional.of(this.first));
	}

	@Test
	void expiredPairThatAnotherProgramStoredIsNotTaken() {
		CertificateManager manager = startWithFirst();
		store().update(this.fixture.pair(Duration.ofHours(2), Duration.ofHours(-1)));
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.first);
		assertThat(this.fixture.rotations).isEmpty();
	}

	@Test
	void pairWhoseNamesCannotBeReadIsPassedOverAndSaidToBeSoOnce(CapturedOutput output) {
		CertificateManager manager = startWithFirst();
		CertificatePair malformed = malformedPair();
		store().update(malformed);
		this.fixture.time.pass(LOOK.multipliedBy(3));
		assertThat(this.fixture.rotations).isEmpty();
		assertThat(manager.current()).contains(this.first);
		assertThat(output).containsOnlyOnce("The subject alternative names of the certificate with serial number "
				+ malformed.serialNumber() + " cannot be read");
	}

	@Test
	void pairForTheChangedTemplateIsTakenAndRequestsNothing() {
		store().update(this.first);
		CertificateManager manager = this.fixture.start(this.fixture.dynamic().store(store()));
		CertificatePair other = pairOfAnother();
		store().update(other);
		this.fixture.template = OTHER_TEMPLATE;
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(other);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void pairThatDoesNotSayWhatItShouldIsTakenWhereThereIsNoBetterOne() {
		CertificateManager manager = startWithFirst();
		this.fixture.signer.holds();
		this.fixture.time.pass(Duration.ofHours(100));
		assertThat(manager.current()).isEmpty();
		CertificatePair other = pairOfAnother();
		store().update(other);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(other);
	}

	@Test
	void programsThatWantDifferentThingsOfOneFileDoNotRotateWithoutEnd() {
		CertificateManager one = this.fixture
			.start(this.fixture.builder().template(() -> Optional.of(ManagerFixture.TEMPLATE)).store(dated()));
		CertificateManager other = this.fixture
			.start(this.fixture.builder().template(() -> Optional.of(OTHER_TEMPLATE)).store(dated()));
		this.fixture.time.pass(Duration.ofMinutes(30));
		assertThat(this.fixture.signer.requests).hasSize(2);
		assertThat(one.current().orElseThrow().leaf()).matches(ManagerFixture.TEMPLATE::isSatisfiedBy);
		assertThat(other.current().orElseThrow().leaf()).matches(OTHER_TEMPLATE::isSatisfiedBy);
	}

	@Test
	void pairThatDoesNotSayWhatItShouldIsPassedOverAlsoWhileTheTemplateIsNotKnown() {
		store().update(this.first);
		CertificateManager manager = this.fixture.start(this.fixture.dynamic().store(store()));
		store().update(pairOfAnother());
		this.fixture.time.pass(LOOK);
		this.fixture.template = null;
		this.fixture.time.pass(LOOK.multipliedBy(2));
		assertThat(manager.current()).contains(this.first);
		store().update(this.second);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(this.second);
		this.fixture.template = ManagerFixture.TEMPLATE;
		this.fixture.time.pass(LOOK);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void pairOfTomorrowIsTakenWhenItsTimeHasCome() {
		CertificateManager manager = startWithFirst();
		CertificatePair ahead = this.fixture.pair(Duration.ofHours(-24), Duration.ofHours(199));
		store().update(ahead);
		this.fixture.time.pass(Duration.ofHours(23));
		assertThat(manager.current()).contains(this.first);
		this.fixture.time.pass(Duration.ofHours(1));
		assertThat(manager.current()).contains(ahead);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void rotationThatWasAskedForIsMadeThoughAnotherProgramStoredAPair() {
		CertificateManager manager = startWithFirst();
		store().update(this.second);
		CompletableFuture<CertificatePair> rotated = manager.rotate();
		this.fixture.time.settle();
		assertThat(rotated).isCompletedWithValueMatching((pair) -> !pair.equals(this.second));
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(this.fixture.rotations).hasSize(2);
	}

	@Test
	void storedPairWhoseNamesCannotBeReadIsRotatedAtTheStart() {
		store().update(malformedPair());
		this.fixture.start(this.fixture.builder().store(store()));
		assertThat(this.fixture.rotations).hasSize(1);
	}

	/** Whatever they say. */
	@Test
	void filesManagedBySomeoneElseAreReadAgainAndTheLastValidPairIsKept() throws IOException {
		CertificateManager manager = this.fixture
			.start(this.fixture.withoutSigner().template(ManagerFixture.TEMPLATE).store(store()));
		assertThat(manager.current()).contains(this.first);
		CertificatePair other = pairOfAnother();
		writeCertificate(other);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).as("they do not match").contains(this.first);
		writeKey(other);
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(other);
		assertThat(this.fixture.rotations).hasSize(1);
		Files.delete(this.files.certificate());
		this.fixture.time.pass(LOOK);
		assertThat(manager.current()).contains(other);
	}

	private CertificatePair pairOfAnother() {
		return this.fixture.authority.pair(OTHER_TEMPLATE, this.fixture.time.instant(),
				this.fixture.time.instant().plus(Duration.ofHours(1)));
	}

	private CertificatePair malformedPair() {
		return this.fixture.authority.pairWithMalformedNames(ManagerFixture.TEMPLATE, ManagerFixture.START,
				ManagerFixture.START.plus(Duration.ofHours(99)));
	}

	private CertificateManager startWithFirst() {
		store().update(this.first);
		return this.fixture.start(this.fixture.builder().store(store()));
	}

	private TestStore dated() {
		return TestStore.files(this.directory, "kubelet-client", null, 5, this.fixture.time);
	}

	private TestStore store() {
		return TestStore.files(this.directory, "kubelet-client", this.files, 5, this.fixture.time);
	}

	private void writeCertificate(CertificatePair pair) throws IOException {
		Files.writeString(this.files.certificate(), Pem.write(pair.chain()));
	}

	private void writeKey(CertificatePair pair) throws IOException {
		String text = Pem.write(pair);
		Files.writeString(this.files.privateKey(), text.substring(text.indexOf("-----BEGIN EC")));
	}

}
