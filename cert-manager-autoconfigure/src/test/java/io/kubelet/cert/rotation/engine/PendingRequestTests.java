package io.kubelet.cert.rotation.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * A certificate never has more than one open request.
 */
class PendingRequestTests {

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void requestStillPendingAfterTheWaitIsResumedNotRepeated() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(15).minusMillis(1));
		assertThat(this.fixture.failures).isEmpty();
		this.fixture.time.pass(Duration.ofHours(24));
		assertThat(this.fixture.failures).hasSizeGreaterThan(90)
			.allSatisfy((failure) -> assertThat(failure.cause()).returns(Kind.TIMED_OUT, Kind::of));
		assertThat(this.fixture.signer.requests).hasSizeGreaterThan(90)
			.allSatisfy((request) -> assertThat(request.publicKey()).isEqualTo(first().publicKey()));
		assertThat(this.fixture.signer.requests.get(0).uid()).isNull();
		assertThat(this.fixture.signer.requests.subList(1, this.fixture.signer.requests.size()))
			.allSatisfy((request) -> assertThat(request.uid()).isEqualTo("uid-of-" + first().name()));
		answerLast();
		assertThat(manager.current()).isPresent();
		assertThat(manager.status().pendingRequest()).isNull();
	}

	@Test
	void requestStillPendingAfterARestartIsResumedWithItsStoredKey(@TempDir Path directory) {
		this.fixture.signer.holds();
		this.fixture.start(onDisk(directory)).stop();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.answers.get(0)).isCancelled();
		CertificateManager restarted = this.fixture.start(onDisk(directory));
		assertThat(this.fixture.signer.requests).hasSize(2);
		CertificateRequest resumed = this.fixture.signer.requests.get(1);
		assertThat(resumed.name()).isEqualTo(first().name());
		assertThat(resumed.uid()).as("its object is found by its name").isNull();
		assertThat(resumed.publicKey()).isEqualTo(first().publicKey());
		answerLast();
		assertThat(restarted.current()).isPresent()
			.get()
			.satisfies((pair) -> assertThat(pair.leaf().getPublicKey()).isEqualTo(first().publicKey()));
		assertThat(directory.resolve("kubelet-client-request.pem")).doesNotExist();
	}

	@Test
	void requestIsReportedAsPendingOnceTheServerHasConfirmedIt(@TempDir Path directory) {
		CertificateManager manager = this.fixture.start(onDisk(directory));
		this.fixture.signer.silent();
		this.fixture.signer.holds();
		manager.rotate();
		this.fixture.time.settle();
		assertThat(directory.resolve("kubelet-client-request.pem")).exists();
		assertThat(manager.status().pendingRequest()).isNull();
	}

	/** A rotation was due then, and somebody may approve it now. */
	@Test
	void requestForTheSamePairIsResumedAtOnceAfterARestart(@TempDir Path directory) {
		leavePendingRotation(directory);
		CertificateManager restarted = this.fixture.start(onDisk(directory));
		assertThat(this.fixture.signer.requests).extracting(CertificateRequest::name)
			.hasSize(3)
			.satisfies((names) -> assertThat(names.get(2)).isEqualTo(names.get(1)));
		answerLast();
		assertThat(restarted.current()).get()
			.satisfies((pair) -> assertThat(pair.leaf().getPublicKey()).isEqualTo(last().publicKey()));
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSize(3);
	}

	@Test
	void rotationThatIsDueAfterARestartIsMadeWithWhatIsConfiguredThen(@TempDir Path directory) {
		leavePendingRotation(directory);
		this.fixture.start(onDisk(directory).key(new KeySpecification(KeySpecification.Algorithm.RSA, 2048)));
		assertThat(this.fixture.signer.requests).hasSize(3);
		assertThat(last().publicKey().getAlgorithm()).isEqualTo("RSA");
	}

	/** Nothing is due then. */
	@Test
	void requestForAPairThatAnotherProgramHasReplacedIsLeftToTheNextRotation(@TempDir Path directory) {
		leavePendingRotation(directory);
		store(directory).update(this.fixture.pair(Duration.ZERO, Duration.ofHours(100)));
		CertificateManager restarted = this.fixture.start(onDisk(directory));
		assertThat(this.fixture.signer.requests).hasSize(2);
		restarted.rotate();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.requests).hasSize(3);
		assertThat(last().name()).isEqualTo(this.fixture.signer.requests.get(1).name());
		restarted.stop();
		this.fixture.start(onDisk(directory));
		assertThat(this.fixture.signer.requests).as("it is for the new pair now").hasSize(4);
	}

	/** A process that ended before it could delete the request. */
	@Test
	void requestWhoseAnswerIsStoredIsDeletedAndItsKeyNotUsedAgain(@TempDir Path directory) throws IOException {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start(onDisk(directory));
		Path request = directory.resolve("kubelet-client-request.pem");
		byte[] left = Files.readAllBytes(request);
		answerLast();
		manager.stop();
		Files.write(request, left);
		CertificateManager restarted = this.fixture.start(onDisk(directory));
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(request).doesNotExist();
		restarted.rotate();
		this.fixture.time.settle();
		assertThat(last().publicKey()).isNotEqualTo(first().publicKey());
	}

	/** Such as by an application that was configured anew while it waited. */
	@ParameterizedTest(name = "{0}")
	@MethodSource("changes")
	void requestThatWouldBringAnotherCertificateIsNotResumed(String name,
			UnaryOperator<CertificateManagerBuilder> change, boolean resumed) {
		this.fixture.signer.holds();
		this.fixture.start(configured()).stop();
		this.fixture.time.settle();
		this.fixture.start(change.apply(configured()));
		assertThat(this.fixture.signer.requests).hasSize(2);
		assertThat(last().publicKey().equals(first().publicKey())).isEqualTo(resumed);
		assertThat(Objects.requireNonNull(this.fixture.store.request).request().name()).isEqualTo(last().name());
	}

	private CertificateManagerBuilder configured() {
		return this.fixture.builder().requestedLifetime(Duration.ofHours(1));
	}

	static Stream<Arguments> changes() {
		return Stream.of(arguments("the same", change((builder) -> builder), true),
				arguments("other usages", change((builder) -> builder.usages(List.of(Usage.SERVER_AUTH))), false),
				arguments("another lifetime", change((builder) -> builder.requestedLifetime(Duration.ofHours(2))),
						false),
				arguments("another template",
						change((builder) -> builder.template(CertificateTemplate.ofSubject("system:node:n2"))), false),
				arguments("another signer", change((builder) -> builder.signerName("example.com/another")), false),
				arguments("another kind of key",
						change((builder) -> builder.key(new KeySpecification(KeySpecification.Algorithm.RSA, 2048))),
						false),
				arguments("another size of the key",
						change((builder) -> builder.key(new KeySpecification(KeySpecification.Algorithm.EC, 384))),
						false));
	}

	private static UnaryOperator<CertificateManagerBuilder> change(UnaryOperator<CertificateManagerBuilder> change) {
		return change;
	}

	@Test
	void requestIsStoredBeforeItIsSentSoThatALostAnswerLosesNothing() {
		this.fixture.signer.failsWith((request) -> {
			assertThat(this.fixture.store.request).isNotNull();
			return RequestException.unavailable(request.name(), "Unreachable", "connection reset", null, null);
		});
		this.fixture.random = 0.5;
		this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(5));
		assertThat(this.fixture.signer.requests).hasSizeGreaterThan(5)
			.allSatisfy((request) -> assertThat(request.name()).isEqualTo(first().name()));
	}

	@Test
	void requestThatCannotBeStoredIsNotSent() {
		this.fixture.store.writeFails = true;
		this.fixture.start();
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(this.fixture.failures).hasSize(1);
	}

	@Test
	void resumedRequestThatIsGoneIsReplacedAtOnceAndIsNoFailure() {
		this.fixture.signer.holds();
		this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(16));
		int failures = this.fixture.failures.size();
		int requests = this.fixture.signer.requests.size();
		this.fixture.signer.answers.get(requests - 1)
			.completeExceptionally(RequestException.lost(String.valueOf(first().name()), "Gone", "it was deleted"));
		this.fixture.time.settle();
		assertThat(this.fixture.failures).hasSize(failures);
		assertThat(this.fixture.signer.requests).hasSize(requests + 1);
		assertThat(last().publicKey()).isNotEqualTo(first().publicKey());
	}

	@ParameterizedTest
	@CsvSource({ "Gone, another object has its name", "AlreadyExists, its signer is another" })
	void newRequestThatIsLostIsAFailureAndMadeAnewUnderAnotherName(String reason, String message) {
		this.fixture.signer
			.failsWith((request) -> RequestException.lost(String.valueOf(request.name()), reason, message));
		this.fixture.start();
		assertThat(this.fixture.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).contains(message));
		this.fixture.signer.issues();
		this.fixture.time.pass(Duration.ofSeconds(2));
		assertThat(last().name()).isNotEqualTo(first().name());
		assertThat(last().publicKey()).isNotEqualTo(first().publicKey());
		assertThat(this.fixture.rotations).hasSize(1);
	}

	/** Only a rejection of its creation for what it says makes it useless. */
	@ParameterizedTest
	@CsvSource({ "true, 422, true", "false, 422, false", "false, 403, true" })
	void rejectedRequestIsSentAgainUnlessItsCreationWasRejected(boolean open, int statusCode, boolean again) {
		if (!open) {
			this.fixture.signer.silent();
		}
		this.fixture.signer
			.failsWith((request) -> RequestException.rejected("csr", statusCode, "Rejected", "not like this"));
		CertificateManager manager = this.fixture.start();
		assertThat(this.fixture.failures).hasSize(1);
		assertThat(manager.status().pendingRequest() != null).isEqualTo(open);
		assertThat(this.fixture.store.request != null).isEqualTo(again);
		this.fixture.signer.issues();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSize(2);
		assertThat(last().publicKey().equals(first().publicKey())).isEqualTo(again);
		assertThat(last().uid()).isEqualTo(open ? "uid-of-" + first().name() : null);
		assertThat(manager.current()).isPresent();
	}

	/** The signer finds the object by its name after a restart. */
	@Test
	void requestIsStoredOnceAndNotAgainWhenItIsConfirmed() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		assertThat(manager.status().pendingRequest()).isNotNull()
			.satisfies((open) -> assertThat(open.createdAt()).isEqualTo(ManagerFixture.START));
		assertThat(this.fixture.store.request).isNotNull()
			.satisfies((stored) -> assertThat(stored.request()).isSameAs(first()));
	}

	/** As of a process that ends while nobody approves. */
	private void leavePendingRotation(Path directory) {
		CertificateManager manager = this.fixture.start(onDisk(directory));
		this.fixture.signer.holds();
		manager.rotate();
		this.fixture.time.settle();
		manager.stop();
	}

	private CertificateManagerBuilder onDisk(Path directory) {
		return this.fixture.builder().store(store(directory));
	}

	private TestStore store(Path directory) {
		return TestStore.files(directory, "kubelet-client", null, 5, this.fixture.time);
	}

	private CertificateRequest first() {
		return this.fixture.signer.requests.get(0);
	}

	private CertificateRequest last() {
		return this.fixture.signer.requests.get(this.fixture.signer.requests.size() - 1);
	}

	private void answerLast() {
		this.fixture.signer.answers.get(this.fixture.signer.answers.size() - 1)
			.complete(this.fixture.signer.issue(last()));
		this.fixture.time.settle();
	}

}
