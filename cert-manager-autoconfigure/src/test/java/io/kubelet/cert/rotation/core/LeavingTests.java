package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Step;
import io.kubelet.cert.rotation.core.Decision.Wait;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A signer that never ends a deletion.
 *
 * @see Pending.Leaving
 */
class LeavingTests extends CoreFixture {

	@Test
	void deletionsThatNeverEndDoNotAddUp() {
		Instant now = NOW;
		State state = Transitions.start(policy(false, false), Reading.NOTHING, TEMPLATE, null, false, now, 0);
		for (int i = 0; i < 50; i++) {
			state = Transitions.after(state, Transitions::demanded, now, 0);
			state = decided(state, now);
			CertificatePair last = state.pair();
			PendingRequest request = request(TEMPLATE, last);
			state = Transitions.after(state, (next) -> next.created(request, reading(last, request, null)), now, 0);
			CertificatePair pair = answer(request, now, 99);
			state = Transitions.after(state, (next) -> next.issued(pair, List.of(), reading(pair, request, null)), now,
					0);
			state = decided(state, now);
			now = now.plusSeconds(3600);
		}
		assertThat(state.leaving()).hasSize(8);
	}

	/** All deletions begin, and none ends. */
	private static State decided(State start, Instant now) {
		State state = start;
		for (Decision decision = Decisions.decide(state, now); !(decision instanceof Wait); decision = Decisions
			.decide(state, now)) {
			state = Transitions.after(state, (Step) decision, now, 0);
			if (decision instanceof Request) {
				break;
			}
		}
		return state;
	}

}
