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
class ForeignFilesTests extends ManagerFixture {

	private static final Duration LOOK = Duration.ofMinutes(1);

	private static final CertificateTemplate OTHER_TEMPLATE = CertificateTemplate.ofSubject("system:node:n2",
			"system:nodes");

	@TempDir
	Path directory;

	private final CertificatePair first = pair(Duration.ofHours(1), Duration.ofHours(99));

	private final CertificatePair second = pair(Duration.ofMinutes(1), Duration.ofHours(199));

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
		pass(LOOK);
		assertThat(manager.current()).contains(this.second);
		assertThat(this.rotations).containsExactly(new Rotated(this.first, this.second));
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void damagedPairIsAWarningUntilANewOneIsStored(CapturedOutput output) throws IOException {
		CertificateManager manager = startWithFirst();
		assertThat(manager.status().health().storeProblem()).isNull();
		Files.writeString(this.directory.resolve("kubelet-client-current.pem"), "garbage");
		pass(LOOK.multipliedBy(2));
		assertThat(manager.current()).contains(this.first);
		assertThat(manager.status().health().storeProblem()).contains("kubelet-client-current.pem", "damaged",
				"the last valid pair stays in use",
				"or rotate (POST /actuator/certificates/" + manager.name() + ") to store a new pair");
		assertThat(output).containsOnlyOnce("A restart finds only what is stored: repair it, or rotate");
		rotate(manager);
		assertThat(manager.status().health().storeProblem()).isNull();
		assertThat(store().current()).isEqualTo(manager.current());
		assertThat(manager.current()).isPresent().isNotEqualTo(Optional.of(this.first));
	}

	@Test
	void expiredPairThatAnotherProgramStoredIsNotTaken() {
		CertificateManager manager = startWithFirst();
		store().update(pair(Duration.ofHours(2), Duration.ofHours(-1)));
		pass(LOOK);
		assertThat(manager.current()).contains(this.first);
		assertThat(this.rotations).isEmpty();
	}

	@Test
	void pairWhoseNamesCannotBeReadIsPassedOverAndSaidToBeSoOnce(CapturedOutput output) {
		CertificateManager manager = startWithFirst();
		CertificatePair malformed = malformedPair();
		store().update(malformed);
		pass(LOOK.multipliedBy(3));
		assertThat(this.rotations).isEmpty();
		assertThat(manager.current()).contains(this.first);
		assertThat(output).containsOnlyOnce("The subject alternative names of the certificate with serial number "
				+ malformed.serialNumber() + " cannot be read");
	}

	@Test
	void pairForTheChangedTemplateIsTakenAndRequestsNothing() {
		store().update(this.first);
		CertificateManager manager = start(dynamic().store(store()));
		CertificatePair other = pairOfAnother();
		store().update(other);
		this.template = OTHER_TEMPLATE;
		pass(LOOK);
		assertThat(manager.current()).contains(other);
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void pairThatDoesNotSayWhatItShouldIsTakenWhereThereIsNoBetterOne() {
		CertificateManager manager = startWithFirst();
		this.signer.holds();
		pass(Duration.ofHours(100));
		assertThat(manager.current()).isEmpty();
		CertificatePair other = pairOfAnother();
		store().update(other);
		pass(LOOK);
		assertThat(manager.current()).contains(other);
	}

	@Test
	void programsThatWantDifferentThingsOfOneFileDoNotRotateWithoutEnd() {
		CertificateManager one = start(builder().template(() -> Optional.of(TEMPLATE)).store(dated()));
		CertificateManager other = start(builder().template(() -> Optional.of(OTHER_TEMPLATE)).store(dated()));
		pass(Duration.ofMinutes(30));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(one.current().orElseThrow().leaf()).matches(TEMPLATE::isSatisfiedBy);
		assertThat(other.current().orElseThrow().leaf()).matches(OTHER_TEMPLATE::isSatisfiedBy);
	}

	@Test
	void pairThatDoesNotSayWhatItShouldIsPassedOverAlsoWhileTheTemplateIsNotKnown() {
		store().update(this.first);
		CertificateManager manager = start(dynamic().store(store()));
		store().update(pairOfAnother());
		pass(LOOK);
		this.template = null;
		pass(LOOK.multipliedBy(2));
		assertThat(manager.current()).contains(this.first);
		store().update(this.second);
		pass(LOOK);
		assertThat(manager.current()).contains(this.second);
		this.template = TEMPLATE;
		pass(LOOK);
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void pairOfTomorrowIsTakenWhenItsTimeHasCome() {
		CertificateManager manager = startWithFirst();
		CertificatePair ahead = pair(Duration.ofHours(-24), Duration.ofHours(199));
		store().update(ahead);
		pass(Duration.ofHours(23));
		assertThat(manager.current()).contains(this.first);
		pass(Duration.ofHours(1));
		assertThat(manager.current()).contains(ahead);
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void rotationThatWasAskedForIsMadeThoughAnotherProgramStoredAPair() {
		CertificateManager manager = startWithFirst();
		store().update(this.second);
		CompletableFuture<CertificatePair> rotated = rotate(manager);
		assertThat(rotated).isCompletedWithValueMatching((pair) -> !pair.equals(this.second));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.rotations).hasSize(2);
	}

	@Test
	void storedPairWhoseNamesCannotBeReadIsRotatedAtTheStart() {
		store().update(malformedPair());
		start(builder().store(store()));
		assertThat(this.rotations).hasSize(1);
	}

	/** Whatever they say. */
	@Test
	void filesManagedBySomeoneElseAreReadAgainAndTheLastValidPairIsKept() throws IOException {
		CertificateManager manager = start(withoutSigner().template(TEMPLATE).store(store()));
		assertThat(manager.current()).contains(this.first);
		CertificatePair other = pairOfAnother();
		writeCertificate(other);
		pass(LOOK);
		assertThat(manager.current()).as("they do not match").contains(this.first);
		writeKey(other);
		pass(LOOK);
		assertThat(manager.current()).contains(other);
		assertThat(this.rotations).hasSize(1);
		Files.delete(this.files.certificate());
		pass(LOOK);
		assertThat(manager.current()).contains(other);
	}

	private CertificatePair pairOfAnother() {
		return this.authority.pair(OTHER_TEMPLATE, this.time.instant(), this.time.instant().plus(Duration.ofHours(1)));
	}

	private CertificatePair malformedPair() {
		return this.authority.pairWithMalformedNames(TEMPLATE, START, START.plus(Duration.ofHours(99)));
	}

	private CertificateManager startWithFirst() {
		store().update(this.first);
		return start(builder().store(store()));
	}

	private TestStore dated() {
		return TestStore.files(this.directory, "kubelet-client", null, 5, this.time);
	}

	private TestStore store() {
		return TestStore.files(this.directory, "kubelet-client", this.files, 5, this.time);
	}

	private void writeCertificate(CertificatePair pair) throws IOException {
		Files.writeString(this.files.certificate(), Pem.write(pair.chain()));
	}

	private void writeKey(CertificatePair pair) throws IOException {
		String text = Pem.write(pair);
		Files.writeString(this.files.privateKey(), text.substring(text.indexOf("-----BEGIN EC")));
	}

}
