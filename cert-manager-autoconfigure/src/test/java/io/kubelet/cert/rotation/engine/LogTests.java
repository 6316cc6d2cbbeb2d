package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.request.RequestDeniedException;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the log says, and that it does not say it over and over.
 */
@ExtendWith(OutputCaptureExtension.class)
class LogTests {

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void answerIsLoggedAsAnErrorWithTheTimeOfTheNextAttempt(CapturedOutput output) {
		this.fixture.signer.failsWith((request) -> new RequestDeniedException(String.valueOf(request.name()),
				"example.com/signer", "No", "ask us"));
		this.fixture.start();
		assertThat(output.getOut().lines()).filteredOn((line) -> line.contains("was denied: ask us"))
			.singleElement()
			.satisfies((line) -> assertThat(line).contains("ERROR",
					"[kubelet-client] Attempt 1 failed and would fail again unchanged; the next one is in 1m"));
	}

	@Test
	void glitchIsLoggedAsAWarningWithTheTimeOfTheNextAttempt(CapturedOutput output) {
		this.fixture.signer.failsWith((request) -> new IllegalStateException("a glitch"));
		this.fixture.start();
		assertThat(output.getOut().lines()).filteredOn((line) -> line.contains("a glitch"))
			.singleElement()
			.satisfies(
					(line) -> assertThat(line).contains("WARN", "[kubelet-client] Attempt 1 failed; retrying in 2s"));
	}

	@Test
	void rotationThatIsOffIsSaidAtTheStart(CapturedOutput output) {
		this.fixture.storePair();
		this.fixture.start(this.fixture.withoutSigner());
		assertThat(output).containsOnlyOnce("; rotation is off");
	}

	@Test
	void rotationThatIsOnIsNotSaidToBeOff(CapturedOutput output) {
		this.fixture.start();
		assertThat(output).doesNotContain("rotation is off");
	}

	@Test
	void storeThatCannotBeReadIsReportedOnceUntilItCanBeReadAgain(CapturedOutput output) {
		this.fixture.storePair();
		this.fixture.start();
		for (int outage = 1; outage <= 2; outage++) {
			this.fixture.store.readFails = true;
			this.fixture.time.pass(Duration.ofMinutes(10));
			assertThat(output.getOut().split("The disk is on fire; the last valid pair stays in use", -1))
				.hasSize(outage + 1);
			this.fixture.store.readFails = false;
			this.fixture.time.pass(Duration.ofMinutes(10));
		}
	}

	@Test
	void templateSupplierThatFailsIsReportedOnceUntilItAnswersAgain(CapturedOutput output) {
		AtomicBoolean fails = new AtomicBoolean();
		this.fixture.start(this.fixture.builder().template(() -> {
			if (fails.get()) {
				throw new IllegalStateException("no address yet");
			}
			return Optional.of(ManagerFixture.TEMPLATE);
		}));
		for (int outage = 1; outage <= 2; outage++) {
			fails.set(true);
			this.fixture.time.pass(Duration.ofMinutes(1));
			assertThat(output.getOut().split("The template supplier failed", -1)).hasSize(outage + 1);
			fails.set(false);
			this.fixture.time.pass(Duration.ofMinutes(1));
		}
	}

}
