package io.kubelet.cert.rotation.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate never has more than one pending request.
 *
 * @see io.kubelet.cert.rotation.core.Pending
 * @see Rotation
 */
class PendingRequestTests extends ManagerFixture {

	private static final KeySpecification EC_P384 = new KeySpecification(KeySpecification.Algorithm.EC, 384);

	@TempDir
	Path directory;

	@Test
	void requestStillPendingAfterTheWaitIsResumedNotRepeated() {
		this.signer.holds();
		CertificateManager manager = start();
		assertThat(manager.status().requested().usages()).isNotEmpty().isEqualTo(request(0).usages());
		pass(ofHours(24));
		assertThat(this.failures).hasSizeGreaterThan(90).allMatch((failure) -> failure.kind() == Kind.TIMED_OUT);
		assertThat(this.signer.requests).hasSizeGreaterThan(90)
			.allSatisfy((request) -> assertThat(request.publicKey()).isEqualTo(request(0).publicKey()));
		assertThat(request(0).uid()).isNull();
		assertThat(this.signer.requests).filteredOn((request) -> request != request(0))
			.extracting(CertificateRequest::uid)
			.containsOnly("uid-of-" + request(0).name());
		answerLast();
		assertThat(manager.current()).isPresent();
		assertThat(manager.status().pendingRequest()).isNull();
	}

	@Test
	void requestStillPendingAfterARestartIsResumedWithItsStoredKey() {
		this.signer.holds();
		start(onDisk()).stop();
		this.time.settle();
		assertThat(this.signer.answers.get(0)).isCancelled();
		CertificateManager restarted = start(onDisk());
		assertThat(this.signer.requests).hasSize(2);
		assertThat(lastRequest().name()).isEqualTo(request(0).name());
		assertThat(lastRequest().uid()).as("its object is found by its name").isNull();
		assertThat(lastRequest().publicKey()).isEqualTo(request(0).publicKey());
		answerLast();
		assertThat(restarted.current().orElseThrow().leaf().getPublicKey()).isEqualTo(request(0).publicKey());
		assertThat(this.directory.resolve("kubelet-client-request.pem")).doesNotExist();
	}

	/** Or by another process that ended then. */
	@Test
	void requestIsRemovedAfterAPairThatWasStoredAlthoughThatFailed() {
		AtomicInteger pairs = new AtomicInteger();
		CertificateManager manager = start(builder().store(new CertificateStore() {

			@Override
			public Stored read() {
				return PendingRequestTests.this.store.read();
			}

			@Override
			public Stored write(Stored next) {
				PendingRequestTests.this.store.write(next);
				if (next.pair() != null && pairs.getAndIncrement() == 0) {
					throw new StoreException("It failed in the end", null);
				}
				return next;
			}

		}));
		pass(ofMinutes(1));
		assertThat(manager.current()).isPresent();
		assertThat(this.store.request).isNull();
		assertThat(this.signer.discarded).containsExactly(request(0).name());
	}

	/** A rotation was due then, and somebody may approve it now. */
	@Test
	void requestForTheSamePairIsResumedAtOnceAfterARestart() {
		leavePendingRotation();
		CertificateManager restarted = start(onDisk());
		assertThat(this.signer.requests).hasSize(3);
		assertThat(lastRequest().name()).isEqualTo(request(1).name());
		answerLast();
		assertThat(restarted.current().orElseThrow().leaf().getPublicKey()).isEqualTo(lastRequest().publicKey());
		pass(ofMinutes(1));
		assertThat(this.signer.requests).hasSize(3);
	}

	@Test
	void rotationThatIsDueAfterARestartIsMadeWithWhatIsConfiguredThen() {
		leavePendingRotation();
		start(onDisk().with((it) -> it.key = EC_P384));
		assertThat(this.signer.requests).hasSize(3);
		assertThat(KeySpecification.describe(lastRequest().publicKey())).isEqualTo("EC P-384");
	}

	/** Nothing is due then. */
	@Test
	void requestForAPairThatAnotherProgramHasReplacedIsLeftToTheNextRotation() throws IOException {
		leavePendingRotation();
		files().update(pair(ofHours(0), ofHours(100)));
		CertificateManager restarted = start(onDisk());
		assertThat(this.signer.requests).hasSize(2);
		rotate(restarted);
		assertThat(this.signer.requests).hasSize(3);
		assertThat(lastRequest().name()).isEqualTo(request(1).name());
	}

	/** A process that ended before it could delete the request. */
	@Test
	void requestWhoseAnswerIsStoredIsDeletedAndItsKeyNotUsedAgain() throws IOException {
		this.signer.holds();
		CertificateManager manager = start(onDisk());
		Path request = this.directory.resolve("kubelet-client-request.pem");
		byte[] left = Files.readAllBytes(request);
		answerLast();
		manager.stop();
		Files.write(request, left);
		CertificateManager restarted = start(onDisk());
		assertThat(this.signer.requests).hasSize(1);
		assertThat(request).doesNotExist();
		rotate(restarted);
		assertThat(lastRequest().publicKey()).isNotEqualTo(request(0).publicKey());
	}

	/** Such as by an application that was configured anew while it waited. */
	@Test
	void requestThatWouldBringAnotherCertificateIsNotResumed() {
		this.signer.holds();
		List<Consumer<CertificateManagerBuilder>> changes = List.of((it) -> it.requestedLifetime = null,
				(it) -> it.usages(List.of(Usage.SERVER_AUTH)), (it) -> it.requestedLifetime = ofHours(2),
				(it) -> it.template(CertificateTemplate.ofSubject("system:node:n2")),
				(it) -> it.signerName("example.com/another"), (it) -> it.key = EC_P384);
		for (Consumer<CertificateManagerBuilder> change : changes) {
			this.store.request = null;
			start().stop();
			PublicKey before = lastRequest().publicKey();
			start(builder().with(change)).stop();
			assertThat(lastRequest().publicKey().equals(before)).isEqualTo(change == changes.get(0));
			assertThat(Objects.requireNonNull(this.store.request).request().name()).isEqualTo(lastRequest().name());
		}
		assertThat(this.signer.requests).hasSize(2 * changes.size());
	}

	@Test
	void requestIsStoredBeforeItIsSentSoThatALostAnswerLosesNothing() {
		this.signer.failsWith((request) -> {
			assertThat(this.store.request).isNotNull();
			return RequestException.unavailable("Unreachable", "connection reset", null, null);
		});
		this.random = 0.5;
		start();
		pass(ofMinutes(5));
		assertThat(this.signer.requests).hasSizeGreaterThan(5)
			.extracting(CertificateRequest::name)
			.containsOnly(request(0).name());
	}

	@Test
	void requestThatCannotBeStoredIsNotSent() {
		this.store.writeFails = true;
		start();
		pass(ofSeconds(3));
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.failures).hasSize(2);
	}

	@Test
	void resumedRequestThatIsGoneIsAFailureAndReplaced() {
		this.signer.holds();
		start();
		pass(ofMinutes(16));
		PublicKey gone = lastRequest().publicKey();
		this.signer.answers.get(1).completeExceptionally(RequestException.lost("Gone", "it was deleted"));
		pass(ofSeconds(4));
		assertThat(this.failures).extracting(Failure::kind).containsExactly(Kind.TIMED_OUT, Kind.LOST);
		assertThat(this.signer.requests).hasSize(3);
		assertThat(lastRequest().publicKey()).isNotEqualTo(gone);
	}

	@Test
	void rotationThatIsDueAfterARestartStaysDueIfItsRequestIsDenied() {
		leavePendingRotation();
		this.signer.denies();
		start(onDisk());
		assertThat(this.signer.requests).hasSize(3);
		this.signer.issues();
		pass(ofMinutes(1));
		assertThat(this.signer.requests).hasSize(4);
	}

	@ParameterizedTest
	@CsvSource({ "Gone, another object has its name", "AlreadyExists, its signer is another" })
	void newRequestThatIsLostIsAFailureAndMadeAnewUnderAnotherName(String reason, String message) {
		this.signer.failsWith((request) -> RequestException.lost(reason, message));
		start();
		assertThat(this.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).contains(message));
		this.signer.issues();
		pass(ofSeconds(2));
		assertThat(lastRequest().name()).isNotEqualTo(request(0).name());
		assertThat(lastRequest().publicKey()).isNotEqualTo(request(0).publicKey());
		assertThat(this.rotations).hasSize(1);
	}

	/** Only a rejection of its creation for what it says makes it useless. */
	@ParameterizedTest
	@CsvSource({ "true, 422, true", "false, 422, false", "false, 403, true" })
	void rejectedRequestIsSentAgainUnlessItsCreationWasRejected(boolean pending, int statusCode, boolean again) {
		if (!pending) {
			this.signer.silent();
		}
		this.signer.failsWith((request) -> RequestException.rejected(statusCode, "Rejected", "not like this"));
		CertificateManager manager = start();
		assertThat(this.failures).hasSize(1);
		assertThat(manager.status().pendingRequest() != null).isEqualTo(pending);
		assertThat(this.store.request != null).isEqualTo(again);
		this.signer.issues();
		pass(ofMinutes(1));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(lastRequest().publicKey().equals(request(0).publicKey())).isEqualTo(again);
		assertThat(lastRequest().uid()).isEqualTo(pending ? "uid-of-" + request(0).name() : null);
		assertThat(manager.current()).isPresent();
	}

	/** The signer finds the object by its name after a restart. */
	@Test
	void requestIsStoredOnceAndNotAgainWhenItIsConfirmed() {
		this.signer.holds();
		CertificateManager manager = start();
		assertThat(manager.status().pendingRequest()).isNotNull().returns(START, ConfirmedRequest::createdAt);
		assertThat(this.store.request).isNotNull()
			.satisfies((stored) -> assertThat(stored.request()).isSameAs(request(0)));
	}

	/** As of a process that ends while nobody approves. */
	private void leavePendingRotation() {
		CertificateManager manager = start(onDisk());
		this.signer.holds();
		rotate(manager);
		manager.stop();
	}

	private CertificateManagerBuilder onDisk() {
		return builder().store(files());
	}

	private TestStore files() {
		return TestStore.files(this.directory, "kubelet-client", null, 5, this.time);
	}

	private void answerLast() {
		this.signer.answers.get(this.signer.answers.size() - 1).complete(this.signer.issue(lastRequest()));
		this.time.settle();
	}

}
