package io.kubelet.cert.rotation;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a status contains.
 */
class CertificateStatusTests extends ManagerFixture {

	@Test
	void expiredCertificateIsStillToldOfWithItsTrueEnd() {
		CertificatePair expired = pair(Duration.ofHours(10), Duration.ofHours(-1));
		this.store.pair = expired;
		this.signer.holds();
		CertificateManager manager = start();
		CertificateStatus status = manager.status();
		assertThat(manager.current()).isEmpty();
		assertThat(status.state()).isEqualTo(State.EXPIRED);
		assertThat(status.pair()).isNotNull()
			.satisfies((pair) -> assertThat(Duration.between(START, pair.notAfter())).isEqualTo(Duration.ofHours(-1)));
	}

	@Test
	void deadlineRotationsAndTemplateAreTold() {
		CertificateManager manager = start();
		CertificatePair current = manager.current().orElseThrow();
		CertificateStatus status = manager.status();
		assertThat(status.state()).isEqualTo(State.VALID);
		assertThat(status.schedule().deadline()).isEqualTo(RotationWindow.KUBELET.deadline(current, 0));
		assertThat(status.rotations().count()).isOne();
		assertThat(status.rotations().last()).isEqualTo(START);
		assertThat(status.requested().template()).isEqualTo(TEMPLATE);
		assertThat(status.lastFailure()).isNull();
		assertThat(status.pendingRequest()).isNull();
	}

	@Test
	void lastFailureIsToldUntilTheNextSuccess() {
		this.signer.failsWith(
				(request) -> RequestException.denied(String.valueOf(request.name()), "example.com/signer", "No", "no"));
		CertificateManager manager = start();
		assertThat(manager.status().lastFailure()).isNotNull().satisfies((failure) -> {
			assertThat(failure.reason()).isEqualTo("No");
			assertThat(failure.attempt()).isOne();
			assertThat(failure.at()).isEqualTo(START);
			assertThat(failure.nextAttempt()).isEqualTo(START.plusSeconds(60));
		});
		assertThat(manager.status().state()).isEqualTo(State.WAITING);
		this.signer.issues();
		pass(Duration.ofMinutes(1));
		assertThat(manager.status().lastFailure()).isNull();
	}

	@Test
	void pendingRequestIsToldWithItsNameAgeAndConditions() {
		this.signer.holds();
		this.signer.conditions = List.of("Approved");
		CertificateManager manager = start();
		assertThat(manager.status().pendingRequest()).isNotNull().satisfies((open) -> {
			assertThat(open.name()).isEqualTo(request(0).name());
			assertThat(open.createdAt()).isEqualTo(START);
			assertThat(open.conditions()).containsExactly("Approved");
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					Approved | ''     | example.com/a | is approved and waiting for its signature: see 'kubectl describe csr one'
					Other    | ''     | example.com/a | is waiting for approval: see 'kubectl describe csr one', or approve it with 'kubectl certificate approve one'
					Other    | paused | Issuer/a      | is waiting for approval (paused): see 'kubectl describe certificaterequest one' in its namespace
					""")
	void pendingRequestSaysWhatItWaitsForAndWhatToDo(String condition, String message, String signer, String text) {
		assertThat(new ConfirmedRequest("one", START, List.of(condition), message).waitingFor(signer)).isEqualTo(text);
	}

	@Test
	void certificatePastItsDeadlineIsOverdue() {
		storePair(Duration.ofHours(95), Duration.ofHours(5));
		this.signer.holds();
		CertificateManager manager = start();
		pass(Duration.ofSeconds(1));
		assertThat(manager.status().state()).isEqualTo(State.OVERDUE);
	}

}
