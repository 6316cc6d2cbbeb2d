package io.kubelet.cert.rotation.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is no exception but an error, such as a class that is missing or memory that is
 * short, is a failure like any other: nothing comes to a stop in silence.
 *
 * @see RotatingCertificateManager
 */
class ErrorTests extends ManagerFixture {

	private final AtomicReference<@Nullable Error> error = new AtomicReference<>();

	@ParameterizedTest
	@EnumSource(names = "READING", mode = EnumSource.Mode.EXCLUDE)
	void failedStepIsOneFailureThatKeepsTheCertificateAndIsRetried(Place place, CapturedOutput output) {
		CertificateManager manager = start(failing(place));
		CertificatePair old = manager.current().orElseThrow();
		Error error = new StackOverflowError("too deep");
		this.error.set(error);
		rotate(manager);
		assertThat(manager.current()).contains(old);
		assertThat(this.store.pair).isEqualTo(old);
		assertThat(this.signer.requests).hasSize((place == Place.STORING || place == Place.LIMIT) ? 2 : 1);
		assertThat(this.failures).singleElement()
			.returns(error, Failure::cause)
			.returns("StackOverflowError", Failure::reason)
			.returns(error.toString(), Failure::message)
			.returns(true, Failure::needsAttention)
			.isEqualTo(manager.status().lastFailure());
		assertLine(output, "Attempt 1 failed; retrying in 2s").contains("ERROR", "[kubelet-client]", error.toString());
		assertThat(output).contains("\tat " + ErrorTests.class.getName());
		pass(ofSeconds(6));
		assertThat(waits()).containsExactly(ofSeconds(2), ofSeconds(4), ofSeconds(8));
		assertRecovers(manager);
	}

	@Test
	void checkThatFailsIsReportedAndRepeated(CapturedOutput output) {
		Error error = new NoClassDefFoundError("a class of another version");
		CertificateManager manager = start(failing(Place.READING));
		this.error.set(error);
		CompletableFuture<CertificatePair> rotated = manager.rotate();
		this.time.settle();
		assertThat(rotated).isCompletedExceptionally();
		assertLine(output, "ERROR").contains("[kubelet-client]", "Rotation check failed; retrying: " + error);
		assertRecovers(manager);
	}

	private void assertRecovers(CertificateManager manager) {
		this.error.set(null);
		pass(ofMinutes(1));
		assertThat(manager.status().rotations().count()).isEqualTo(2);
	}

	private CertificateManagerBuilder failing(Place place) {
		return builder().signers((current) -> {
			failIf(place == Place.SIGNER);
			return this.signer;
		}).keys((specification) -> {
			failIf(place == Place.KEYS);
			return KeyPairSource.jdk().generate(specification);
		}).scheduler((task, delay) -> {
			failIf(place == Place.LIMIT && delay.equals(ofMinutes(15)));
			return this.time.schedule(task, delay);
		}).store(new CertificateStore() {

			@Override
			public Stored read() {
				failIf(place == Place.READING);
				return ErrorTests.this.store.read();
			}

			@Override
			public Stored write(Stored next) {
				failIf(place == Place.STORING && next.pair() != ErrorTests.this.store.pair);
				return ErrorTests.this.store.write(next);
			}

		});
	}

	private void failIf(boolean here) {
		Error error = this.error.get();
		if (here && error != null) {
			throw error;
		}
	}

	/** Where it happens. */
	enum Place {

		SIGNER, KEYS, STORING, READING, LIMIT

	}

	@Test
	void attemptWhoseFailureCannotBeDescribedIsRepeated() {
		this.outage = new IllegalStateException() {

			@Override
			public String getMessage() {
				throw new UnsupportedOperationException("no message");
			}

		};
		CertificateManager manager = start();
		assertThat(manager.current()).isEmpty();
		this.outage = null;
		pass(ofMinutes(2));
		assertThat(manager.current()).isPresent();
	}

	/** What cannot be noted is not repeated at once: that would have no end. */
	@Test
	void answerThatCannotBeDescribedCausesNoStorm() {
		this.signer.failsWith((request) -> new IllegalStateException() {

			@Override
			public String getMessage() {
				throw new UnsupportedOperationException("no message");
			}

			@Override
			public String toString() {
				return "it has a text";
			}

		});
		start();
		pass(ofMinutes(5));
		assertThat(this.signer.requests).hasSizeBetween(5, 7);
	}

	/** keep() fails once: the request that was answered is removed nevertheless. */
	@Test
	void pairThatCannotBeKeptIsUsedAndItsRequestIsRemoved() {
		AtomicBoolean fails = new AtomicBoolean(true);
		this.store.kept = () -> {
			if (fails.getAndSet(false)) {
				throw new IllegalStateException("no copy");
			}
		};
		CertificateManager manager = start();
		pass(ofSeconds(5));
		assertThat(manager.current()).isPresent();
		assertThat(this.store.request).isNull();
	}

}
