package io.kubelet.cert.rotation.engine;

import java.time.Duration;

import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the pauses between attempts while an application waits for its first
 * certificate, and what is said about them.
 *
 * @see RetrySchedule
 */
class AwaitedCertificateTests extends ManagerFixture {

	private static final Duration PAUSE = ofMinutes(5);

	private static final Duration WAIT = ofMinutes(1);

	/** Each pause is half of what is left, until that is less than a second. */
	@Test
	void pauseIsShorterThanTheTimeThatIsLeft(CapturedOutput output) {
		this.signer.silent();
		this.signer.isBusy(null);
		awaited();
		pass(WAIT);
		assertThat(this.signer.requests).hasSize(6);
		assertThat(waits()).last().isEqualTo(PAUSE);
		assertLine(output, "; the application gives up in ").contains("Attempt 6 failed; ");
		pass(PAUSE);
		assertThat(this.signer.requests).hasSize(7);
	}

	@Test
	void pauseThatTheServerDemandsIsNotShortened() {
		this.signer.isBusy(ofSeconds(50));
		awaited();
		pass(ofSeconds(49));
		assertThat(this.signer.requests).hasSize(1);
	}

	@Test
	void failureAfterTheFirstCertificateIsFollowedByTheWholePause() {
		CertificateManager manager = awaited();
		this.signer.isBusy(null);
		rotate(manager);
		assertThat(waits()).containsExactly(PAUSE);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			0   | ERROR | Attempt 1 failed, and the same request would fail again (there is no
			403 | WARN  | Attempt 1 failed (there is no
			""")
	void failureThatEndsTheStartIsNotSaidToBeRetried(int status, String level, String words, CapturedOutput output) {
		this.signer.failsWith(
				(request) -> (status == 0) ? RequestException.denied("csr-1", Signer.of("signer"), "No", "ask us")
						: RequestException.rejected(status, "Forbidden", "ask us\nThe permission"));
		awaited();
		assertLine(output, "ask us").contains(level, words);
		assertThat(output).as("it is in the report").doesNotContain("The permission");
	}

	private CertificateManager awaited() {
		CertificateManager manager = start(builder().with((it) -> {
			it.retry = new RetrySchedule(PAUSE, 1, 0, 1, PAUSE);
			it.required = true;
		}));
		manager.awaitedFor(WAIT);
		return manager;
	}

}
