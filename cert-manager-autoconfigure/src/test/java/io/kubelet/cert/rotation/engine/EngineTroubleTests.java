package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a rotation does when clocks are set, and processes get in the way of each other.
 *
 * @see RotatingCertificateManager
 */
class EngineTroubleTests extends ManagerFixture {

	/** Each process sends its own request: that of another one is not ours to delete. */
	@Test
	void requestOfAnotherProcessOnOneDirectoryIsNotDeleted() {
		storePair();
		CertificateManager one = start();
		CertificateManager other = start();
		this.signer.holds();
		rotate(one);
		rotate(other);
		assertThat(this.signer.requests).hasSize(2);
		assertThat(this.signer.discarded).isEmpty();
	}

	/** Such as after the other process has overwritten it in the store. */
	@Test
	void ownRequestThatIsNotStoredAnyMoreIsDeletedIfItsTemplateChanges() {
		this.signer.holds();
		start(dynamic());
		this.store.request = null;
		this.template = CertificateTemplate.ofSubject("system:node:n2", "system:nodes");
		pass(ofMinutes(2));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(this.signer.discarded).containsExactly(request(0).name());
	}

	/** As of a machine whose clock is corrected after the start. */
	@ParameterizedTest
	@ValueSource(ints = { -24, 1 })
	void waitForAnAnswerEndsInTimeAlthoughTheClockIsSet(int hours) {
		this.signer.holds();
		start();
		this.time.setClock(ofHours(hours));
		pass(ofMinutes(15).minusSeconds(1));
		assertThat(this.failures).isEmpty();
		pass(ofMinutes(1));
		assertThat(this.failures).singleElement().returns(Kind.TIMED_OUT, Failure::kind);
		pass(ofMinutes(1));
		assertThat(this.signer.requests).hasSize(2);
	}

	/** The clock was wrong at the start, and the pair has been in use since. */
	@Test
	void pairThatWasFoundExpiredByAWrongClockAndExpiresInUseIsAnError(CapturedOutput output) {
		storePair(ofHours(1), ofHours(10));
		this.signer.denies();
		this.time.setClock(ofDays(1));
		start();
		this.time.setClock(ofDays(-1));
		pass(ofHours(9));
		pass(ofHours(2));
		assertThat(output.getOut().lines().filter((line) -> line.contains("ertificate expired at"))).satisfiesExactly(
				(line) -> assertThat(line).contains("WARN", "The stored certificate expired"),
				(line) -> assertThat(line).contains("ERROR", "new TLS connections that present it fail"));
	}

	/** As the first answer says, whatever is wanted since. */
	@Test
	void denialIsAnErrorThoughAnotherTemplateIsWantedMeanwhile(CapturedOutput output) {
		CertificateTemplate both = CertificateTemplate.ofSubject("shop", "a", "b");
		this.store.pair = this.authority.pair(both, this.time.instant().minus(ofHours(80)),
				this.time.instant().plus(ofHours(20)));
		this.template = both;
		this.signer.holds();
		start(dynamic());
		assertThat(this.signer.requests).hasSize(1);
		this.template = CertificateTemplate.ofSubject("shop", "a");
		pass(ofMinutes(2));
		this.signer.answers.get(0)
			.completeExceptionally(RequestException.denied("csr-1", Signer.of("example.com/signer"), "No", "no"));
		this.time.settle();
		assertLine(output, "Attempt 1 failed").contains("ERROR", "the same request would fail again");
	}

	/** Whoever waits for a rotation learns of its end, and nothing stops in silence. */
	@Test
	void errorWhileAPairIsTakenIntoUseEndsTheWaitOfTheCaller() {
		storePair();
		CertificateManager manager = start();
		CertificatePair before = manager.current().orElseThrow();
		this.store.kept = () -> {
			this.store.kept = () -> {
			};
			throw new StackOverflowError("too deep");
		};
		CompletableFuture<CertificatePair> rotated = rotate(manager);
		pass(ofMinutes(5));
		assertThat(rotated).isDone();
		assertThat(manager.current()).isNotEqualTo(Optional.of(before));
	}

	@Test
	void pairThatCannotBeStoredAgainStaysReportedBetweenTwoTries() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = shared(pair);
		CertificateManager manager = start(builder().store(shared));
		shared.refusal = new StoreException("The Secret cannot be written: forbidden", null);
		shared.put(new Stored(null, null, null, 2));
		this.time.settle();
		assertThat(manager.status().health().storeProblem()).contains("forbidden");
		for (int i = 0; i < 5; i++) {
			pass(ofSeconds(10));
			shared.signal();
			this.time.settle();
			assertThat(manager.status().health().storeProblem()).as("look " + i).contains("forbidden");
		}
	}

	/** All replicas together repair ten times in an hour. */
	@Test
	void repairsOfOtherReplicasAreKeptIfTheyAreStoredBetweenReadingAndWriting() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = shared(pair);
		CertificateManager manager = start(builder().store(shared));
		this.signer.holds();
		rotate(manager);
		List<Instant> repairs = List.of(this.time.instant());
		shared.faster = new Stored(pair, shared.stored.pending(), shared.stored.deadline(), 7).withRepairs(repairs);
		answer(0);
		assertThat(manager.current()).isNotEqualTo(Optional.of(pair));
		assertThat(shared.stored.repairs()).isEqualTo(repairs);
	}

	/** A start waits for it. */
	@Test
	void pairThatDoesNotSufficeIsReplacedAtOnceThoughReplicasHaveRepairedLately() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = shared(pair);
		shared.deficiency = "Its authorities are missing";
		Instant now = this.time.instant();
		shared.stored = new Stored(pair, null, now.plus(ofHours(50)), 1)
			.withRepairs(List.of(now.minusSeconds(600), now.minusSeconds(400), now.minusSeconds(60)));
		this.signer.holds();
		start(builder().store(shared));
		assertThat(this.signer.requests).hasSize(1);
	}

	/** It contains a pair that a replica has stored. */
	private static SharedMemoryStore shared(CertificatePair pair) {
		return new SharedMemoryStore(pair, pair.notAfter().minus(ofHours(50)));
	}

}
