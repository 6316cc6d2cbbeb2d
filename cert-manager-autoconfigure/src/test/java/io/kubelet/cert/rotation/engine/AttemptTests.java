package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One attempt, from the key to the swap.
 */
class AttemptTests {

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void failedCreationIsOneFailureAndKeepsTheOldCertificate() {
		CertificatePair old = overdue();
		this.fixture.signer.isBusy(null);
		this.fixture.random = 0.5;
		CertificateManager manager = this.fixture.start();
		assertThat(this.fixture.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).isEqualTo("busy"));
		assertThat(manager.current()).contains(old);
		assertThat(manager.status().rotations().count()).isZero();
	}

	/** There is nothing that could be approved or signed. */
	@Test
	void waitWithoutAnObjectIsForTheApiServer() {
		overdue();
		this.fixture.signer.silent();
		this.fixture.signer.holds();
		this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(15));
		assertThat(this.fixture.failures).singleElement().satisfies((failure) -> {
			assertThat(failure.cause()).returns(Kind.UNAVAILABLE, Kind::of);
			assertThat(failure.message()).contains("the API server has not answered within 15m");
		});
	}

	@Test
	void failedWaitIsOneFailureAndKeepsTheOldCertificate() {
		CertificatePair old = overdue();
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start(this.fixture.builder().waitTimeout(Duration.ofMillis(1)));
		assertThat(this.fixture.failures).isEmpty();
		this.fixture.time.pass(Duration.ofMillis(1));
		assertThat(this.fixture.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.cause()).returns(Kind.TIMED_OUT, Kind::of));
		assertThat(this.fixture.signer.answers.get(0)).isCancelled();
		assertThat(manager.current()).contains(old);
	}

	/** The wait ends when the answer has come and has not been processed yet. */
	@Test
	void answerThatHasComeIsTakenEvenIfTheWaitIsOver() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		CompletableFuture<List<X509Certificate>> answer = this.fixture.signer.answers.get(0);
		// Runs before what the engine has registered
		answer.whenComplete((chain, failure) -> this.fixture.time.pass(Duration.ofMinutes(16)));
		answer.complete(this.fixture.signer.issue(this.fixture.signer.requests.get(0)));
		this.fixture.time.settle();
		assertThat(this.fixture.failures).isEmpty();
		assertThat(manager.current()).isPresent();
	}

	@Test
	void failedStoreIsOneFailureAndKeepsTheOldCertificate() {
		CertificatePair old = overdue();
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		this.fixture.store.writeFails = true;
		this.fixture.answer(0);
		assertThat(this.fixture.failures).hasSize(1);
		assertThat(manager.current()).contains(old);
		assertThat(this.fixture.store.pair).isEqualTo(old);
	}

	@Test
	void issuedPairIsStoredBeforeItIsTold() {
		CertificatePair old = overdue();
		CertificateManager manager = this.fixture.start();
		CertificatePair issued = manager.current().orElseThrow();
		assertThat(this.fixture.store.pair).isEqualTo(issued).isNotEqualTo(old);
		assertThat(this.fixture.rotations).containsExactly(new ManagerFixture.Rotated(old, issued));
		assertThat(this.fixture.store.request).isNull();
	}

	@Test
	void rotationTellsHowLongTheOldCertificateWasInUse() {
		CertificatePair old = this.fixture.pair(Duration.ofHours(2), Duration.ofHours(-1));
		this.fixture.store.pair = old;
		CertificateManager manager = this.fixture.start();
		assertThat(this.fixture.rotations).singleElement().satisfies((rotated) -> {
			CertificatePair previous = rotated.previous();
			assertThat(previous).isEqualTo(old);
			assertThat(manager.status().rotations().last()).isEqualTo(old.notBefore().plus(Duration.ofHours(2)));
		});
	}

	@Test
	void everyRequestHasAnEcP256KeyOfItsOwnUnlessConfigured() {
		CertificateManager manager = this.fixture.start();
		manager.rotate();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.requests).hasSize(2)
			.extracting((request) -> request.publicKey())
			.doesNotHaveDuplicates()
			.allSatisfy((key) -> assertThat(KeySpecification.describe(key)).isEqualTo("EC P-256"));
	}

	@Test
	void configuredKeyIsMadeAndGoesWithItsUsages() {
		this.fixture.start(this.fixture.builder().key(new KeySpecification(KeySpecification.Algorithm.RSA, 2048)));
		assertThat(this.fixture.signer.requests).singleElement().satisfies((request) -> {
			assertThat(KeySpecification.describe(request.publicKey())).isEqualTo("RSA 2048");
			assertThat(request.usages()).containsExactly(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT,
					Usage.CLIENT_AUTH);
		});
	}

	@Test
	void keySourceThatFailsIsAFailureAndNothingIsSent() {
		this.fixture.start(this.fixture.builder().keys((specification) -> {
			throw new IllegalStateException("no entropy");
		}));
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(this.fixture.store.request).isNull();
		assertThat(this.fixture.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).isEqualTo("no entropy"));
	}

	private CertificatePair overdue() {
		CertificatePair pair = this.fixture.pair(Duration.ofHours(99), Duration.ofHours(1));
		this.fixture.store.pair = pair;
		return pair;
	}

}
