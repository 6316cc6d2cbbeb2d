package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * One attempt, from the key to the swap.
 *
 * @see io.kubelet.cert.rotation.core.Attempt
 * @see Rotation
 */
class AttemptTests extends ManagerFixture {

	private final CertificatePair old = storePair(ofHours(99), ofHours(1));

	/** Without an object, there is nothing that could be approved or signed. */
	@ParameterizedTest
	@CsvSource({ "false, TIMED_OUT, was not approved",
			"true, UNAVAILABLE, was not answered within 15m: the API server has not answered" })
	void failedWaitIsOneFailureAndKeepsTheOldCertificate(boolean silent, Kind kind, String message,
			CapturedOutput output) {
		if (silent) {
			this.signer.silent();
		}
		this.signer.holds();
		CertificateManager manager = start();
		pass(ofMinutes(15).minusMillis(1));
		assertThat(this.failures).isEmpty();
		if (silent) {
			assertLine(output, "overdue").endsWith("A new one is being requested");
		}
		pass(ofMillis(1));
		assertThat(this.failures).singleElement()
			.returns(kind, Failure::kind)
			.satisfies((failure) -> assertThat(failure.message()).contains(message));
		assertThat(this.signer.answers.get(0)).isCancelled();
		assertThat(manager.current()).contains(this.old);
	}

	/** The wait ends when the answer has come and has not been processed yet. */
	@Test
	void answerThatHasComeIsTakenEvenIfTheWaitIsOver() {
		this.signer.holds();
		CertificateManager manager = start();
		CompletableFuture<List<X509Certificate>> answer = this.signer.answers.get(0);
		// Runs before what the engine has registered
		answer.whenComplete((chain, failure) -> pass(ofMinutes(16)));
		answer(0);
		assertThat(this.failures).isEmpty();
		assertThat(manager.current()).isPresent().isNotEqualTo(Optional.of(this.old));
	}

	@Test
	void failedStoreKeepsTheOldCertificateAndTheRequest() {
		this.signer.holds();
		CertificateManager manager = start();
		this.store.writeFails = true;
		answer(0);
		assertThat(this.failures).hasSize(1);
		assertThat(manager.current()).contains(this.old);
		assertThat(this.store.pair).isEqualTo(this.old);
		this.store.writeFails = false;
		pass(ofMinutes(1));
		answer(1);
		assertThat(this.rotations).hasSize(1);
		assertThat(this.signer.requests).as("the request is kept")
			.hasSize(2)
			.extracting(CertificateRequest::name)
			.containsOnly(request(0).name());
	}

	@Test
	void issuedPairIsStoredBeforeItIsTold() {
		this.signer.authorities = List.of(this.authority.certificate());
		CertificateManager manager = start();
		CertificatePair issued = manager.current().orElseThrow();
		assertThat(issued.authorities()).containsExactly(this.authority.certificate());
		assertThat(this.store.pair).isEqualTo(issued).isNotEqualTo(this.old);
		assertThat(this.rotations).containsExactly(new Rotated(this.old, issued));
		assertThat(manager.status().rotations().last()).isEqualTo(this.old.notBefore().plus(ofHours(99)));
		assertThat(this.store.request).isNull();
	}

	@Test
	void everyRequestHasAKeyOfItsOwnWithItsUsages() {
		rotate(start());
		assertThat(this.signer.requests).hasSize(2)
			.extracting(CertificateRequest::publicKey)
			.doesNotHaveDuplicates()
			.allSatisfy((key) -> assertThat(KeySpecification.describe(key)).isEqualTo("EC P-256"));
		start(builder().with((it) -> it.key = new KeySpecification(KeySpecification.Algorithm.RSA, 2048))
			.template(CertificateTemplate.ofSubject("another")));
		assertThat(KeySpecification.describe(lastRequest().publicKey())).isEqualTo("RSA 2048");
		assertThat(lastRequest().usages()).containsExactly(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT,
				Usage.CLIENT_AUTH);
	}

}
