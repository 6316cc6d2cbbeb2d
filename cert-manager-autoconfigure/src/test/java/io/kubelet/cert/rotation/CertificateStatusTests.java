package io.kubelet.cert.rotation;

import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a status contains, at each moment.
 *
 * @see CertificateStatus
 */
class CertificateStatusTests extends ManagerFixture {

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					Approved | ''     | ''   | example.com/a | is approved and waiting for its signature: see 'kubectl describe csr one'
					Other    | ''     | ''   | example.com/a | is waiting for approval: see 'kubectl describe csr one', or approve it with 'kubectl certificate approve one'
					Other    | paused | shop | Issuer/a      | is waiting for approval (paused): see 'kubectl describe certificaterequest --namespace shop one'
					""")
	void pendingRequestSaysWhatItWaitsForAndWhatToDo(String condition, String message, String namespace, String signer,
			String text) {
		assertThat(new ConfirmedRequest("one", namespace, START, List.of(condition), message)
			.waitingFor(Signer.of(signer))).isEqualTo(text);
	}

	@Test
	void listenerSeesThePairAndTheRotationInTheStatusAndItsEndInNoFutureYet() {
		List<String> told = new ArrayList<>();
		CertificateManager manager = start();
		manager.addListener(onRotation((current) -> {
			CertificateStatus status = manager.status();
			assertThat(manager.current()).containsSame(current);
			assertThat(status.pair()).isSameAs(current);
			told.add("%d, %s, %s".formatted(status.rotations().count(), status.lastFailure(), status.pendingRequest()));
		}));
		manager.rotate().thenRun(() -> told.add("future"));
		this.time.settle();
		assertThat(told).containsExactly("2, null, null", "future");
	}

}
