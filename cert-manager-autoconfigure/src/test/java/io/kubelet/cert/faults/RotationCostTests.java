package io.kubelet.cert.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.faults.FaultyDisk.Operation;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.CountingProvider;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a rotation costs, counted in operations: nothing that was just made is verified,
 * and nothing that was just written is read.
 */
class RotationCostTests {

	@TempDir
	Path directory;

	private final ManagerFixture fixture = new ManagerFixture();

	private final FaultyDisk disk = new FaultyDisk();

	private final TestAuthority issuer = this.fixture.authority.intermediate("issuer");

	@AutoClose
	private final CountingProvider counts = new CountingProvider();

	@BeforeEach
	void issueUncounted() {
		this.fixture.signer
			.issues((request) -> this.counts.uncounted(() -> List.of(
					this.issuer.issue(request.publicKey(), request.template(), this.fixture.time.instant(),
							this.fixture.time.instant().plus(this.fixture.signer.lifetime)),
					this.issuer.certificate())));
	}

	@Test
	void rotationIsOneKeyGenerationAndOneSignatureAndNoVerification() {
		CertificateManager manager = this.fixture.start(builder());
		this.counts.take();
		rotate(manager);
		assertThat(this.counts.take()).containsEntry(CountingProvider.Operation.KEY_GENERATION, 1)
			.containsEntry(CountingProvider.Operation.SIGNATURE, 1)
			.doesNotContainKeys(CountingProvider.Operation.VERIFICATION, CountingProvider.Operation.KEY_DECODING);
	}

	@Test
	void authoritiesCostOneVerificationForEachCertificateThatIsNew() {
		CertificateManager manager = this.fixture.start(builder()
			.check(IssuedCertificateCheck.ofAuthorities(() -> List.of(this.fixture.authority.certificate()))));
		this.counts.take();
		rotate(manager);
		// The intermediate of the first rotation was verified then
		assertThat(this.counts.take()).containsEntry(CountingProvider.Operation.SIGNATURE, 1)
			.containsEntry(CountingProvider.Operation.VERIFICATION, 1);
	}

	@Test
	void rotationForcesFourWritesAndReadsNothing() {
		CertificateManager manager = this.fixture.start(builder());
		rotate(manager);
		this.disk.repair();
		rotate(manager);
		List<Operation> steps = this.disk.operations();
		assertThat(steps).filteredOn((step) -> step == Operation.SYNC || step == Operation.SYNC_DIRECTORY).hasSize(4);
		assertThat(steps).filteredOn(Operation.LIST::equals).hasSizeLessThanOrEqualTo(1);
		assertThat(steps).doesNotContain(Operation.READ);
	}

	@Test
	void lookAtAnUnchangedPairIsOneQuestion() {
		TestStore store = store();
		CertificatePair pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(1));
		store.update(pair);
		assertOneQuestion(store, pair);
		TestStore restarted = store();
		CertificatePair read = restarted.current().orElseThrow();
		assertThat(read).isEqualTo(pair);
		assertOneQuestion(restarted, read);
	}

	private void assertOneQuestion(TestStore store, CertificatePair known) {
		this.disk.repair();
		int before = this.disk.questions();
		assertThat(store.current()).containsSame(known);
		assertThat(this.disk.questions() - before).isOne();
		assertThat(this.disk.operations()).isEmpty();
	}

	/**
	 * Possession is proved once for a key that was not made here, with one object that
	 * signs and verifies.
	 */
	@Test
	void startWithAStoredPairProvesPossessionOnce() {
		store().update(this.fixture.pair(Duration.ofHours(1), Duration.ofHours(1)));
		this.counts.take();
		TestStore store = store();
		assertThat(store.current()).isPresent();
		assertThat(store.current()).isPresent();
		assertThat(this.counts.take()).containsEntry(CountingProvider.Operation.SIGNATURE, 1)
			.doesNotContainKey(CountingProvider.Operation.VERIFICATION);
	}

	private void rotate(CertificateManager manager) {
		this.fixture.time.pass(Duration.ofSeconds(1));
		int rotations = this.fixture.rotations.size();
		manager.rotate();
		this.fixture.time.settle();
		assertThat(this.fixture.rotations).hasSize(rotations + 1);
	}

	private CertificateManagerBuilder builder() {
		return this.fixture.builder().store(store());
	}

	private TestStore store() {
		return TestStore.files(this.disk.on(this.directory), "one", null, 5, this.fixture.time);
	}

}
