package io.kubelet.cert.faults;

import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Behavior;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Figures;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the engine with approvers and signers that are slow, unwilling or wrong.
 */
class SignerFaultTests {

	@AutoClose
	private final RotatingProgram program = new RotatingProgram();

	@Test
	void requestIsResumedAfterARestart() {
		this.program.startPending();
		this.program.stop();
		this.program.restart();
		this.program.assertOldServes();
		this.program.approve();
		assertThat(this.program.creates()).as("the second one is answered with 409").isEqualTo(2);
		assertThat(this.program.objects()).isOne();
		Figures.report("restart while waiting", this.program.figures());
	}

	static Stream<Arguments> answerThatWouldBeTheSameAgainIsNotAskedForAtOnce() {
		return Stream.of(
				fault("denied", (behavior) -> behavior.approval(ApprovalPolicy.denying("Policy", "not on a Friday")),
						"Policy", "not on a Friday"),
				fault("another key", (behavior) -> behavior.flaws(SignerFlaw.ANOTHER_KEY), "Refused",
						"another public key"),
				fault("garbage", (behavior) -> behavior.flaws(SignerFlaw.GARBAGE), "Refused", ""),
				fault("expired", Behavior::alreadyExpired, "Refused", "it expired"));
	}

	private static Arguments fault(String what, Consumer<Behavior> fault, String reason, String message) {
		return Arguments.of(what, fault, reason, message);
	}

}
