package io.kubelet.cert.rotation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a status contains, at each moment.
 */
class CertificateStatusTests extends ManagerFixture {

	private final AtomicReference<@Nullable CertificateManager> manager = new AtomicReference<>();

	private final List<String> contradictions = new ArrayList<>();

	private int looks;

	@Test
	void deadlineRotationsAndTemplateAreTold() {
		CertificateManager manager = start();
		CertificateStatus status = manager.status();
		assertThat(status.state()).isEqualTo(State.VALID);
		assertThat(status.schedule().deadline())
			.isEqualTo(RotationWindow.KUBELET.deadline(manager.current().orElseThrow(), 0));
		assertThat(status.rotations().count()).isOne();
		assertThat(status.rotations().last()).isEqualTo(START);
		assertThat(status.requested().template()).isEqualTo(TEMPLATE);
		assertThat(status.lastFailure()).isNull();
		assertThat(status.pendingRequest()).isNull();
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
	void listenerSeesTheRotationInTheStatusAndItsEndInNoFutureYet() {
		List<String> told = new ArrayList<>();
		CertificateManager manager = start();
		manager.addListener(onRotation((current) -> {
			CertificateStatus status = manager.status();
			told.add("%d, %s, %s".formatted(status.rotations().count(), status.lastFailure(), status.pendingRequest()));
		}));
		manager.rotate().thenRun(() -> told.add("future"));
		this.time.settle();
		assertThat(told).containsExactly("2, null, null", "future");
	}

	/** A random number is drawn for the deadline when the new pair has just come. */
	@Test
	void currentPairIsThatOfTheStatusAtEachMoment() {
		storePair();
		CertificateManager manager = builder().random(() -> {
			compare(null);
			return 0;
		}).listener(onRotation(this::compare)).build();
		this.manager.set(manager);
		manager.addFollower((name) -> compare(null));
		manager.start();
		for (int i = 0; i < 3; i++) {
			rotate(manager);
		}
		assertThat(this.rotations).hasSize(3);
		assertThat(this.looks).isGreaterThan(8);
		assertThat(this.contradictions).isEmpty();
	}

	private void compare(@Nullable CertificatePair announced) {
		CertificateManager manager = this.manager.get();
		if (manager != null) {
			this.looks++;
			CertificatePair current = manager.current().orElse(null);
			CertificatePair status = manager.status().pair();
			if (current != status || (announced != null && announced != current)) {
				this.contradictions.add("current: %s, status: %s, event: %s".formatted(current, status, announced));
			}
		}
	}

}
