package io.kubelet.cert.rotation.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Files that another program writes.
 *
 * @see StoreKeeper
 */
class ForeignFilesTests extends ManagerFixture {

	private static final Duration LOOK = ofMinutes(1);

	private static final CertificateTemplate OTHER_TEMPLATE = CertificateTemplate.ofSubject("system:node:n2",
			"system:nodes");

	@TempDir
	Path directory;

	private final CertificatePair first = pair(ofHours(1), ofHours(99));

	private final CertificatePair second = pair(ofMinutes(1), ofHours(199));

	private final CertificatePair other = this.authority.pair(OTHER_TEMPLATE, START, START.plus(ofHours(200)));

	@Test
	void pairThatAnotherProgramStoredIsTakenWithinAMinuteAndRequestsNothing() {
		CertificateManager manager = startWithFirst();
		files().update(this.second);
		pass(LOOK);
		assertThat(manager.current()).contains(this.second);
		assertThat(this.rotations).containsExactly(new Rotated(this.first, this.second));
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void damagedOrRemovedPairIsAWarningUntilItIsRepairedOrANewOneIsStored(CapturedOutput output) throws IOException {
		CertificateManager manager = startWithFirst();
		Path file = this.directory.resolve("kubelet-client-current.pem");
		byte[] good = Files.readAllBytes(file);
		Files.write(file, new byte[0]);
		pass(LOOK.multipliedBy(2));
		assertThat(manager.current()).contains(this.first);
		assertThat(manager.status().health().storeProblem()).contains(file.getFileName() + " is damaged",
				"; the last valid pair stays in use. A restart finds only what is stored: repair it, or rotate");
		assertThat(output).containsOnlyOnce("; the last valid pair stays in use");
		Files.write(file, good);
		pass(LOOK.multipliedBy(2));
		assertThat(manager.status().health().storeProblem()).isNull();
		assertThat(output).containsOnlyOnce("The pair in use can be read from ");
		Files.delete(file);
		pass(LOOK);
		assertThat(manager.status().health().storeProblem())
			.contains("There is no pair in " + this.directory + " any more");
		rotate(manager);
		assertThat(manager.status().health().storeProblem()).isNull();
		assertThat(files().current()).isEqualTo(manager.current());
		assertThat(manager.current()).isPresent().isNotEqualTo(Optional.of(this.first));
		assertThat(output).containsOnlyOnce("The pair in use can be read from ");
	}

	/** As from a backup. A restart would find nothing else. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void pairThatHasExpiredIsAWarningUntilItIsReplaced(boolean off, CapturedOutput output) {
		files().update(this.first);
		CertificateManager manager = start((off ? withoutSigner() : builder()).store(files()));
		files().update(pair(ofHours(100), ofHours(-1)));
		pass(LOOK.multipliedBy(2));
		assertThat(manager.current()).contains(this.first);
		assertThat(manager.status().health().storeProblem())
			.isEqualTo("Another program stored a pair that is not valid now; it is not used");
		assertLine(output, "that is not valid now").contains("WARN");
		files().update(this.first);
		pass(LOOK);
		assertThat(manager.status().health().storeProblem()).isNull();
		assertThat(output).containsOnlyOnce("The pair in use can be read from ");
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void pairThatDoesNotSayWhatItShouldIsTakenWhereThereIsNoBetterOne() {
		CertificateManager manager = startWithFirst();
		this.signer.holds();
		pass(ofHours(100));
		assertThat(manager.current()).isEmpty();
		files().update(this.other);
		pass(LOOK);
		assertThat(manager.current()).contains(this.other);
	}

	@Test
	void programsThatWantDifferentThingsOfOneFileDoNotRotateWithoutEnd() {
		CertificateManager one = start(builder().template(TEMPLATE).store(files()));
		CertificateManager other = start(builder().template(OTHER_TEMPLATE).store(files()));
		pass(ofMinutes(30));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(one.current().orElseThrow().leaf()).matches(TEMPLATE::isSatisfiedBy);
		assertThat(other.current().orElseThrow().leaf()).matches(OTHER_TEMPLATE::isSatisfiedBy);
	}

	private CertificateManager startWithFirst() {
		files().update(this.first);
		return start(builder().store(files()));
	}

	private TestStore files() {
		return TestStore.files(this.directory, "kubelet-client", null, 5, this.time);
	}

}
