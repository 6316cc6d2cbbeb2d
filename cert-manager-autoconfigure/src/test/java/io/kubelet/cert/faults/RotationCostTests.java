package io.kubelet.cert.faults;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.faults.FaultyDisk.Operation;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.CountingProvider;
import io.kubelet.cert.testsupport.Figures;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mockito.Mockito;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a rotation costs, counted in operations: nothing that was just made is verified,
 * and nothing that was just written is read.
 */
class RotationCostTests {

	private static final int ROTATIONS = 5;

	@TempDir
	Path directory;

	private final ManagerFixture fixture = new ManagerFixture();

	private final FaultyDisk disk = new FaultyDisk();

	private final TestAuthority issuer = this.fixture.authority.intermediate("issuer");

	private CountingProvider counts;

	@BeforeEach
	void count() {
		this.counts = new CountingProvider();
		this.fixture.signer
			.issues((request) -> this.counts.uncounted(() -> List.of(
					this.issuer.issue(request.publicKey(), request.template(), this.fixture.time.instant(),
							this.fixture.time.instant().plus(this.fixture.signer.lifetime)),
					this.issuer.certificate())));
	}

	@AfterEach
	void stopCounting() {
		this.counts.close();
	}

	@Test
	void rotationIsOneKeyGenerationAndOneSignatureAndNoVerification() {
		CertificateManager manager = this.fixture.start(builder());
		this.counts.take();
		for (int i = 0; i < ROTATIONS; i++) {
			rotate(manager);
			Map<CountingProvider.Operation, Integer> counts = this.counts.take();
			Figures.report("cryptography of a rotation", counts);
			assertThat(counts).containsEntry(CountingProvider.Operation.KEY_GENERATION, 1)
				.containsEntry(CountingProvider.Operation.SIGNATURE, 1)
				.doesNotContainKeys(CountingProvider.Operation.VERIFICATION, CountingProvider.Operation.KEY_DECODING);
		}
		assertThat(this.fixture.rotations).hasSize(ROTATIONS + 1);
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
		for (int i = 0; i < ROTATIONS; i++) {
			this.disk.repair();
			rotate(manager);
			List<Operation> steps = this.disk.operations();
			Figures.report("disk operations of a rotation", steps);
			assertThat(Collections.frequency(steps, Operation.SYNC)
					+ Collections.frequency(steps, Operation.SYNC_DIRECTORY))
				.as("forced writes")
				.isEqualTo(4);
			assertThat(steps).doesNotContain(Operation.READ);
			assertThat(Collections.frequency(steps, Operation.LIST)).isLessThanOrEqualTo(1);
		}
	}

	@Test
	void lookAtAnUnchangedPairIsOneQuestion() {
		TestStore store = store();
		CertificatePair pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(1));
		store.update(pair);
		this.counts.take();
		this.disk.repair();
		int before = this.disk.questions();
		assertThat(store.current()).containsSame(pair);
		assertThat(this.disk.questions() - before).isOne();
		TestStore restarted = store();
		CertificatePair read = restarted.current().orElseThrow();
		assertThat(read).isEqualTo(pair);
		this.disk.repair();
		before = this.disk.questions();
		assertThat(restarted.current()).containsSame(read);
		assertThat(this.disk.questions() - before).isOne();
		assertThat(this.disk.operations()).isEmpty();
	}

	@Test
	void pairThatAnotherProgramStoresAfterOursIsNoticed() throws Exception {
		TestStore store = store();
		store.update(this.fixture.pair(Duration.ofHours(1), Duration.ofHours(1)));
		List<CertificatePair> others = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			CertificatePair other = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(2 + i));
			others.add(other);
			if (i == 1) {
				Path current = this.directory.resolve("one-current.pem");
				Files.writeString(current.toRealPath(), Pem.write(other) + "\n");
			}
			else {
				TestStore.files(this.directory, "one", null, 5, this.fixture.time).update(other);
			}
			assertThat(store.current()).contains(other);
		}
		assertThat(others).doesNotHaveDuplicates();
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

	@Test
	void tangledChainIsStoredAsOnePathAndReadAtTheNextStart() throws Exception {
		TestAuthority other = new TestAuthority("other");
		X509Certificate root = this.fixture.authority.certificate();
		X509Certificate intermediate = this.issuer.certificate();
		this.fixture.signer.issues((request) -> {
			X509Certificate leaf = this.issuer.issue(request.publicKey(), request.template(),
					this.fixture.time.instant(), this.fixture.time.instant().plus(Duration.ofHours(1)));
			return List.of(leaf, root, other.certificate(), intermediate, other.crossSign(this.issuer), intermediate);
		});
		CertificatePair issued = this.fixture.start(builder()).current().orElseThrow();
		assertThat(issued.chain()).containsExactly(issued.leaf(), intermediate, root);
		String text = Files.readString(this.directory.resolve("one-current.pem"));
		assertThat(Pem.readCertificates(text)).isEqualTo(issued.chain());
		CertificateManager restarted = this.fixture.start(builder());
		assertThat(restarted.current()).contains(issued);
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	/** The JDK looks for them in the certificate each time. */
	@Test
	void rotationReadsNamesAndValidityOfTheCertificateAFewTimes() {
		Map<String, Integer> reads = new ConcurrentHashMap<>();
		this.fixture.signer.issues((request) -> List.of(
				counting(this.issuer.issue(request.publicKey(), request.template(), this.fixture.time.instant(),
						this.fixture.time.instant().plus(this.fixture.signer.lifetime)), reads),
				this.issuer.certificate()));
		CertificateManager manager = this.fixture.start(builder());
		reads.clear();
		rotate(manager);
		Figures.report("reads of an issued certificate", reads);
		assertThat(reads).containsEntry("getSubjectAlternativeNames", 2)
			.containsEntry("getNotBefore", 2)
			.containsEntry("getNotAfter", 3);
	}

	private static X509Certificate counting(X509Certificate certificate, Map<String, Integer> reads) {
		return Mockito.mock(X509Certificate.class, (read) -> {
			reads.merge(read.getMethod().getName(), 1, Integer::sum);
			return read.getMethod().invoke(certificate, read.getArguments());
		});
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
