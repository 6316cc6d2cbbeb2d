package io.kubelet.cert.faults;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.faults.FaultyDisk.Operation;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.CountingProvider;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a rotation costs, counted in operations: nothing that was just made is verified,
 * and nothing that was just written is read.
 *
 * @see io.kubelet.cert.rotation.engine.Rotation
 */
class RotationCostTests extends ManagerFixture {

	@TempDir
	Path directory;

	private final FaultyDisk disk = new FaultyDisk();

	private final TestAuthority issuer = this.authority.intermediate("issuer");

	@AutoClose
	private final CountingProvider counts = new CountingProvider();

	@BeforeEach
	void issueUncounted() {
		this.signer.issues(
				(request) -> this.counts
					.uncounted(
							() -> List.of(
									this.issuer.issue(request.publicKey(), request.template(), this.time.instant(),
											this.time.instant().plus(this.signer.lifetime)),
									this.issuer.certificate())));
	}

	@Test
	void rotationIsOneKeyGenerationAndOneSignatureAndNoVerification() {
		CertificateManager manager = start(builder());
		this.counts.take();
		rotateOnce(manager);
		assertThat(this.counts.take()).containsEntry(CountingProvider.Operation.KEY_GENERATION, 1)
			.containsEntry(CountingProvider.Operation.SIGNATURE, 1)
			.doesNotContainKeys(CountingProvider.Operation.VERIFICATION, CountingProvider.Operation.KEY_DECODING);
	}

	@Test
	void authoritiesCostOneVerificationForEachCertificateThatIsNew() {
		CertificateManager manager = start(
				builder().check(IssuedCertificateCheck.ofAuthorities(() -> List.of(this.authority.certificate()))));
		this.counts.take();
		rotateOnce(manager);
		// The intermediate of the first rotation was verified then
		assertThat(this.counts.take()).containsEntry(CountingProvider.Operation.SIGNATURE, 1)
			.containsEntry(CountingProvider.Operation.VERIFICATION, 1);
	}

	@Test
	void rotationForcesFourWritesAndReadsNothing() {
		CertificateManager manager = start(builder());
		rotateOnce(manager);
		this.disk.repair();
		rotateOnce(manager);
		List<Operation> steps = this.disk.operations();
		assertThat(steps).filteredOn((step) -> step == Operation.SYNC || step == Operation.SYNC_DIRECTORY).hasSize(4);
		assertThat(steps).filteredOn(Operation.LIST::equals).hasSizeLessThanOrEqualTo(1);
		assertThat(steps).doesNotContain(Operation.READ);
	}

	@Test
	void lookAtAnUnchangedPairIsOneQuestion() {
		TestStore store = store();
		CertificatePair pair = pair(Duration.ofHours(1), Duration.ofHours(1));
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
		store().update(pair(Duration.ofHours(1), Duration.ofHours(1)));
		this.counts.take();
		TestStore store = store();
		assertThat(store.current()).isPresent();
		assertThat(store.current()).isPresent();
		assertThat(this.counts.take()).containsEntry(CountingProvider.Operation.SIGNATURE, 1)
			.doesNotContainKey(CountingProvider.Operation.VERIFICATION);
	}

	/** For its server, its credentials and the authorities that it trusts. */
	@Test
	void clientReadsItsKubeconfigOnce() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start()) {
			Path file = plane.writeKubeconfig(this.directory);
			KubeconfigSource kubeconfig = new KubeconfigSource(this.disk.on(file), null);
			AtomicReference<Runnable> look = new AtomicReference<>();
			FileChanges changes = (files, looks, late, delay) -> {
				look.set(looks);
				return () -> {
				};
			};
			try (ApiClientProvider clients = new ApiClientProvider(kubeconfig, null, null, Thread::new, changes,
					this.time)) {
				CertificatesV1Api api = new CertificatesV1Api(clients.supplier(() -> null).get());
				api.listCertificateSigningRequest().execute();
				pass(Duration.ofMinutes(2));
				look.get().run();
				assertThat(clients.supplier(() -> null).get()).isSameAs(api.getApiClient());
				assertThat(this.disk.operations()).containsExactly(Operation.READ);
				Files.writeString(file, plane.kubeconfig(plane.admin()));
				look.get().run();
				new CertificatesV1Api(clients.supplier(() -> null).get()).listCertificateSigningRequest().execute();
				assertThat(this.disk.operations()).as("after a change").containsExactly(Operation.READ, Operation.READ);
			}
		}
	}

	private void rotateOnce(CertificateManager manager) {
		pass(Duration.ofSeconds(1));
		assertThat(rotate(manager)).isCompleted();
	}

	@Override
	public CertificateManagerBuilder builder() {
		return super.builder().store(store());
	}

	private TestStore store() {
		return TestStore.files(this.disk.on(this.directory), "one", null, 5, this.time);
	}

}
