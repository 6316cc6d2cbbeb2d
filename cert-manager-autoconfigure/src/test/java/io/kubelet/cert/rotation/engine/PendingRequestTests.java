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
class PendingRequestTests extends ManagerFixture {

	@Test
	void requestStillPendingAfterTheWaitIsResumedNotRepeated() {
		this.signer.holds();
		CertificateManager manager = start();
		pass(Duration.ofMinutes(15).minusMillis(1));
		assertThat(this.failures).isEmpty();
		pass(Duration.ofHours(24));
		assertThat(this.failures).hasSizeGreaterThan(90)
			.allSatisfy((failure) -> assertThat(failure.cause()).returns(Kind.TIMED_OUT, Kind::of));
		assertThat(this.signer.requests).hasSizeGreaterThan(90)
			.allSatisfy((request) -> assertThat(request.publicKey()).isEqualTo(first().publicKey()));
		assertThat(request(0).uid()).isNull();
		assertThat(this.signer.requests.subList(1, this.signer.requests.size()))
			.allSatisfy((request) -> assertThat(request.uid()).isEqualTo("uid-of-" + first().name()));
		answerLast();
		assertThat(manager.current()).isPresent();
		assertThat(manager.status().pendingRequest()).isNull();
	}

	@Test
	void requestStillPendingAfterARestartIsResumedWithItsStoredKey(@TempDir Path directory) {
		this.signer.holds();
		start(onDisk(directory)).stop();
		this.time.settle();
		assertThat(this.signer.answers.get(0)).isCancelled();
		CertificateManager restarted = start(onDisk(directory));
		assertThat(this.signer.requests).hasSize(2);
		CertificateRequest resumed = request(1);
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
		CertificateManager manager = start(onDisk(directory));
		this.signer.silent();
		this.signer.holds();
		rotate(manager);
		assertThat(directory.resolve("kubelet-client-request.pem")).exists();
		assertThat(manager.status().pendingRequest()).isNull();
	}

	/** A rotation was due then, and somebody may approve it now. */
	@Test
	void requestForTheSamePairIsResumedAtOnceAfterARestart(@TempDir Path directory) {
		leavePendingRotation(directory);
		CertificateManager restarted = start(onDisk(directory));
		assertThat(this.signer.requests).extracting(CertificateRequest::name)
			.hasSize(3)
			.satisfies((names) -> assertThat(names.get(2)).isEqualTo(names.get(1)));
		answerLast();
		assertThat(restarted.current()).get()
			.satisfies((pair) -> assertThat(pair.leaf().getPublicKey()).isEqualTo(last().publicKey()));
		pass(Duration.ofMinutes(1));
		assertThat(this.signer.requests).hasSize(3);
	}

	@Test
	void rotationThatIsDueAfterARestartIsMadeWithWhatIsConfiguredThen(@TempDir Path directory) {
		leavePendingRotation(directory);
		start(onDisk(directory).key(new KeySpecification(KeySpecification.Algorithm.RSA, 2048)));
		assertThat(this.signer.requests).hasSize(3);
		assertThat(last().publicKey().getAlgorithm()).isEqualTo("RSA");
	}

	/** Nothing is due then. */
	@Test
	void requestForAPairThatAnotherProgramHasReplacedIsLeftToTheNextRotation(@TempDir Path directory) {
		leavePendingRotation(directory);
		store(directory).update(pair(Duration.ZERO, Duration.ofHours(100)));
		CertificateManager restarted = start(onDisk(directory));
		assertThat(this.signer.requests).hasSize(2);
		rotate(restarted);
		assertThat(this.signer.requests).hasSize(3);
		assertThat(last().name()).isEqualTo(request(1).name());
		restarted.stop();
		start(onDisk(directory));
		assertThat(this.signer.requests).as("it is for the new pair now").hasSize(4);
	}

	/** A process that ended before it could delete the request. */
	@Test
	void requestWhoseAnswerIsStoredIsDeletedAndItsKeyNotUsedAgain(@TempDir Path directory) throws IOException {
		this.signer.holds();
		CertificateManager manager = start(onDisk(directory));
		Path request = directory.resolve("kubelet-client-request.pem");
		byte[] left = Files.readAllBytes(request);
		answerLast();
		manager.stop();
		Files.write(request, left);
		CertificateManager restarted = start(onDisk(directory));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(request).doesNotExist();
		rotate(restarted);
		assertThat(last().publicKey()).isNotEqualTo(first().publicKey());
	}

	/** Such as by an application that was configured anew while it waited. */
	@ParameterizedTest(name = "{0}")
	@MethodSource("changes")
	void requestThatWouldBringAnotherCertificateIsNotResumed(String name,
			UnaryOperator<CertificateManagerBuilder> change, boolean resumed) {
		this.signer.holds();
		start(configured()).stop();
		this.time.settle();
		start(change.apply(configured()));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(last().publicKey().equals(first().publicKey())).isEqualTo(resumed);
		assertThat(Objects.requireNonNull(this.store.request).request().name()).isEqualTo(last().name());
	}

	private CertificateManagerBuilder configured() {
		return builder().requestedLifetime(Duration.ofHours(1));
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
		this.signer.failsWith((request) -> {
			assertThat(this.store.request).isNotNull();
			return RequestException.unavailable(request.name(), "Unreachable", "connection reset", null, null);
		});
		this.random = 0.5;
		start();
		pass(Duration.ofMinutes(5));
		assertThat(this.signer.requests).hasSizeGreaterThan(5)
			.allSatisfy((request) -> assertThat(request.name()).isEqualTo(first().name()));
	}

	@Test
	void requestThatCannotBeStoredIsNotSent() {
		this.store.writeFails = true;
		start();
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.failures).hasSize(1);
	}

	@Test
	void resumedRequestThatIsGoneIsReplacedAtOnceAndIsNoFailure() {
		this.signer.holds();
		start();
		pass(Duration.ofMinutes(16));
		int failures = this.failures.size();
		int requests = this.signer.requests.size();
		this.signer.answers.get(requests - 1)
			.completeExceptionally(RequestException.lost(String.valueOf(first().name()), "Gone", "it was deleted"));
		this.time.settle();
		assertThat(this.failures).hasSize(failures);
		assertThat(this.signer.requests).hasSize(requests + 1);
		assertThat(last().publicKey()).isNotEqualTo(first().publicKey());
	}

	@ParameterizedTest
	@CsvSource({ "Gone, another object has its name", "AlreadyExists, its signer is another" })
	void newRequestThatIsLostIsAFailureAndMadeAnewUnderAnotherName(String reason, String message) {
		this.signer.failsWith((request) -> RequestException.lost(String.valueOf(request.name()), reason, message));
		start();
		assertThat(this.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).contains(message));
		this.signer.issues();
		pass(Duration.ofSeconds(2));
		assertThat(last().name()).isNotEqualTo(first().name());
		assertThat(last().publicKey()).isNotEqualTo(first().publicKey());
		assertThat(this.rotations).hasSize(1);
	}

	/** Only a rejection of its creation for what it says makes it useless. */
	@ParameterizedTest
	@CsvSource({ "true, 422, true", "false, 422, false", "false, 403, true" })
	void rejectedRequestIsSentAgainUnlessItsCreationWasRejected(boolean open, int statusCode, boolean again) {
		if (!open) {
			this.signer.silent();
		}
		this.signer.failsWith((request) -> RequestException.rejected("csr", statusCode, "Rejected", "not like this"));
		CertificateManager manager = start();
		assertThat(this.failures).hasSize(1);
		assertThat(manager.status().pendingRequest() != null).isEqualTo(open);
		assertThat(this.store.request != null).isEqualTo(again);
		this.signer.issues();
		pass(Duration.ofMinutes(1));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(last().publicKey().equals(first().publicKey())).isEqualTo(again);
		assertThat(last().uid()).isEqualTo(open ? "uid-of-" + first().name() : null);
		assertThat(manager.current()).isPresent();
	}

	/** The signer finds the object by its name after a restart. */
	@Test
	void requestIsStoredOnceAndNotAgainWhenItIsConfirmed() {
		this.signer.holds();
		CertificateManager manager = start();
		assertThat(manager.status().pendingRequest()).isNotNull()
			.satisfies((open) -> assertThat(open.createdAt()).isEqualTo(START));
		assertThat(this.store.request).isNotNull()
			.satisfies((stored) -> assertThat(stored.request()).isSameAs(first()));
	}

	/** As of a process that ends while nobody approves. */
	private void leavePendingRotation(Path directory) {
		CertificateManager manager = start(onDisk(directory));
		this.signer.holds();
		rotate(manager);
		manager.stop();
	}

	private CertificateManagerBuilder onDisk(Path directory) {
		return builder().store(store(directory));
	}

	private TestStore store(Path directory) {
		return TestStore.files(directory, "kubelet-client", null, 5, this.time);
	}

	private CertificateRequest first() {
		return request(0);
	}

	private CertificateRequest last() {
		return this.signer.requests.get(this.signer.requests.size() - 1);
	}

	private void answerLast() {
		this.signer.answers.get(this.signer.answers.size() - 1).complete(this.signer.issue(last()));
		this.time.settle();
	}

}
