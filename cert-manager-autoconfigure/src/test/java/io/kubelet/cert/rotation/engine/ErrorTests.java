package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is no exception but an error, such as a class that is missing or memory that is
 * short, is a failure like any other: nothing comes to a stop in silence.
 */
@ExtendWith(OutputCaptureExtension.class)
class ErrorTests {

	private static final Duration MINUTE = Duration.ofMinutes(1);

	private final ManagerFixture fixture = new ManagerFixture();

	private final AtomicReference<@Nullable Error> error = new AtomicReference<>();

	static Stream<Error> errors() {
		return Stream.of(new NoClassDefFoundError("io/kubernetes/client/openapi/ApiClient"),
				new StackOverflowError("too deep"), new AssertionError("a mistake"));
	}

	@ParameterizedTest
	@MethodSource("errors")
	void errorOfTheSignerIsCountedLoggedPublishedAndRetried(Error error, CapturedOutput output) {
		this.error.set(error);
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).signers((current) -> {
				fail();
				return this.fixture.signer;
			}));
		assertFailed(manager, error);
		assertThat(output.getOut().lines()).filteredOn((line) -> line.contains(error.toString()))
			.first()
			.satisfies(
					(line) -> assertThat(line).contains("ERROR", "[kubelet-client] Attempt 1 failed; retrying in 2s"));
		assertRecovers(manager);
	}

	@ParameterizedTest
	@MethodSource("errors")
	void errorOfTheKeySourceIsCountedPublishedAndRetried(Error error) {
		this.error.set(error);
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).keys((specification) -> {
				fail();
				return KeyPairSource.jdk().generate(specification);
			}));
		assertFailed(manager, error);
		assertRecovers(manager);
	}

	@ParameterizedTest
	@MethodSource("errors")
	void errorWhileAnIssuedPairIsStoredIsCountedPublishedAndRetried(Error error) {
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).store(new FailingStore(false)));
		this.fixture.time.pass(Duration.ofMinutes(10));
		this.error.set(error);
		manager.rotate();
		this.fixture.time.settle();
		assertFailed(manager, error);
		assertThat(manager.current()).isPresent();
		this.fixture.rotations.clear();
		assertRecovers(manager);
	}

	@ParameterizedTest
	@MethodSource("errors")
	void errorOfTheTemplateSupplierStopsNothingAndItIsAskedAgain(Error error, CapturedOutput output) {
		this.error.set(error);
		CertificateManager manager = this.fixture.start(this.fixture.builder().template(() -> {
			fail();
			return Optional.of(ManagerFixture.TEMPLATE);
		}));
		this.fixture.time.pass(MINUTE);
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(output.getOut().split("The template supplier failed", -1)).hasSize(2);
		assertRecovers(manager);
		assertThat(this.fixture.failures).isEmpty();
	}

	@ParameterizedTest
	@MethodSource("errors")
	void errorOfAListenerStopsNeitherTheOthersNorTheRotation(Error error) {
		this.fixture.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).listener(new RotationListener() {

			@Override
			public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
				throw error;
			}

		}).listener(new RotationListener() {

			@Override
			public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
				ErrorTests.this.fixture.credentials.clear();
			}

		}));
		assertThat(this.fixture.rotations).hasSize(1);
		assertThat(this.fixture.credentials).isEmpty();
	}

	@Test
	void lookThatFailsIsToldOnceAndRepeated(CapturedOutput output) {
		Error error = new NoClassDefFoundError("a class of another version");
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).store(new FailingStore(true)));
		this.error.set(error);
		var rotated = manager.rotate();
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(rotated).isCompletedExceptionally();
		assertThat(output.getOut().lines()).filteredOn((line) -> line.contains("ERROR"))
			.singleElement()
			.satisfies((line) -> assertThat(line).contains("[kubelet-client]",
					"Rotation check failed; retrying: " + error));
		assertThat(manager.status().lastFailure()).isNotNull().satisfies((failure) -> {
			assertThat(failure.cause()).isSameAs(error);
			assertThat(failure.message()).isEqualTo(error.toString());
			assertThat(failure.nextAttempt()).isEqualTo(failure.at().plus(MINUTE));
		});
		this.fixture.rotations.clear();
		assertRecovers(manager);
		assertThat(manager.status().lastFailure()).isNull();
	}

	@Test
	void stopAfterAnErrorEndsWhatWaits() {
		CertificateManager manager = this.fixture
			.start(this.fixture.builder().template(ManagerFixture.TEMPLATE).store(new FailingStore(true)));
		this.error.set(new InternalError("no thread to be had"));
		this.fixture.time.pass(MINUTE);
		var rotated = manager.rotate();
		manager.stop();
		this.fixture.time.settle();
		assertThat(rotated).isCancelled();
		assertThat(this.fixture.time.scheduled()).isZero();
	}

	private void assertFailed(CertificateManager manager, Error error) {
		assertThat(this.fixture.failures).singleElement().satisfies((failure) -> {
			assertThat(failure.cause()).isSameAs(error);
			assertThat(failure.reason()).isEqualTo(error.getClass().getSimpleName());
			assertThat(failure.message()).isEqualTo(error.toString());
			assertThat(failure.needsAttention()).isTrue();
		});
		assertThat(manager.status().lastFailure()).isEqualTo(this.fixture.failures.get(0));
		this.fixture.time.pass(Duration.ofSeconds(6));
		assertThat(this.fixture.waits()).extracting(Duration::toSeconds).containsExactly(2L, 4L, 8L);
	}

	private void assertRecovers(CertificateManager manager) {
		this.error.set(null);
		this.fixture.time.pass(MINUTE);
		assertThat(manager.current()).isPresent();
		assertThat(this.fixture.rotations).hasSize(1);
	}

	private void fail() {
		Error error = this.error.get();
		if (error != null) {
			throw error;
		}
	}

	/** Reads, or else updates, fail with the error. */
	private final class FailingStore implements CertificateStore {

		private final CertificateStore store = ErrorTests.this.fixture.store;

		private final boolean reads;

		FailingStore(boolean reads) {
			this.reads = reads;
		}

		@Override
		public Stored read() {
			if (this.reads) {
				fail();
			}
			return this.store.read();
		}

		@Override
		public Stored write(Stored next) {
			if (!this.reads && next.pair() != ErrorTests.this.fixture.store.pair) {
				fail();
			}
			return this.store.write(next);
		}

	}

}
