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
class AttemptTests extends ManagerFixture {

	@Test
	void failedCreationIsOneFailureAndKeepsTheOldCertificate() {
		CertificatePair old = overdue();
		this.signer.isBusy(null);
		this.random = 0.5;
		CertificateManager manager = start();
		assertThat(this.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).isEqualTo("busy"));
		assertThat(manager.current()).contains(old);
		assertThat(manager.status().rotations().count()).isZero();
	}

	/** There is nothing that could be approved or signed. */
	@Test
	void waitWithoutAnObjectIsForTheApiServer() {
		overdue();
		this.signer.silent();
		this.signer.holds();
		start();
		pass(Duration.ofMinutes(15));
		assertThat(this.failures).singleElement().satisfies((failure) -> {
			assertThat(failure.cause()).returns(Kind.UNAVAILABLE, Kind::of);
			assertThat(failure.message()).contains("the API server has not answered within 15m");
		});
	}

	@Test
	void failedWaitIsOneFailureAndKeepsTheOldCertificate() {
		CertificatePair old = overdue();
		this.signer.holds();
		CertificateManager manager = start(builder().waitTimeout(Duration.ofMillis(1)));
		assertThat(this.failures).isEmpty();
		pass(Duration.ofMillis(1));
		assertThat(this.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.cause()).returns(Kind.TIMED_OUT, Kind::of));
		assertThat(this.signer.answers.get(0)).isCancelled();
		assertThat(manager.current()).contains(old);
	}

	/** The wait ends when the answer has come and has not been processed yet. */
	@Test
	void answerThatHasComeIsTakenEvenIfTheWaitIsOver() {
		this.signer.holds();
		CertificateManager manager = start();
		CompletableFuture<List<X509Certificate>> answer = this.signer.answers.get(0);
		// Runs before what the engine has registered
		answer.whenComplete((chain, failure) -> pass(Duration.ofMinutes(16)));
		answer.complete(this.signer.issue(request(0)));
		this.time.settle();
		assertThat(this.failures).isEmpty();
		assertThat(manager.current()).isPresent();
	}

	@Test
	void failedStoreIsOneFailureAndKeepsTheOldCertificate() {
		CertificatePair old = overdue();
		this.signer.holds();
		CertificateManager manager = start();
		this.store.writeFails = true;
		answer(0);
		assertThat(this.failures).hasSize(1);
		assertThat(manager.current()).contains(old);
		assertThat(this.store.pair).isEqualTo(old);
	}

	@Test
	void issuedPairIsStoredBeforeItIsTold() {
		CertificatePair old = overdue();
		CertificateManager manager = start();
		CertificatePair issued = manager.current().orElseThrow();
		assertThat(this.store.pair).isEqualTo(issued).isNotEqualTo(old);
		assertThat(this.rotations).containsExactly(new Rotated(old, issued));
		assertThat(this.store.request).isNull();
	}

	@Test
	void rotationTellsHowLongTheOldCertificateWasInUse() {
		CertificatePair old = pair(Duration.ofHours(2), Duration.ofHours(-1));
		this.store.pair = old;
		CertificateManager manager = start();
		assertThat(this.rotations).singleElement().satisfies((rotated) -> {
			CertificatePair previous = rotated.previous();
			assertThat(previous).isEqualTo(old);
			assertThat(manager.status().rotations().last()).isEqualTo(old.notBefore().plus(Duration.ofHours(2)));
		});
	}

	@Test
	void everyRequestHasAnEcP256KeyOfItsOwnUnlessConfigured() {
		CertificateManager manager = start();
		rotate(manager);
		assertThat(this.signer.requests).hasSize(2)
			.extracting((request) -> request.publicKey())
			.doesNotHaveDuplicates()
			.allSatisfy((key) -> assertThat(KeySpecification.describe(key)).isEqualTo("EC P-256"));
	}

	@Test
	void configuredKeyIsMadeAndGoesWithItsUsages() {
		start(builder().key(new KeySpecification(KeySpecification.Algorithm.RSA, 2048)));
		assertThat(this.signer.requests).singleElement().satisfies((request) -> {
			assertThat(KeySpecification.describe(request.publicKey())).isEqualTo("RSA 2048");
			assertThat(request.usages()).containsExactly(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT,
					Usage.CLIENT_AUTH);
		});
	}

	@Test
	void keySourceThatFailsIsAFailureAndNothingIsSent() {
		start(builder().keys((specification) -> {
			throw new IllegalStateException("no entropy");
		}));
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.store.request).isNull();
		assertThat(this.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).isEqualTo("no entropy"));
	}

	private CertificatePair overdue() {
		CertificatePair pair = pair(Duration.ofHours(99), Duration.ofHours(1));
		this.store.pair = pair;
		return pair;
	}

}
