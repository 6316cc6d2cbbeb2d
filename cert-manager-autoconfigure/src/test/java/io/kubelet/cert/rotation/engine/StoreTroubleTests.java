package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a rotation does when its store fails, or when others write to it.
 *
 * @see StoreKeeper
 * @see RotatingCertificateManager
 */
class StoreTroubleTests extends ManagerFixture {

	/** Another replica has written something else meanwhile, such as a request. */
	@Test
	void pairIsStoredAgainAtTheNextLookAfterAConflict() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = shared(pair);
		start(builder().store(shared));
		shared.faster = new CertificateStore.Stored(null, null, null, 3);
		shared.put(new CertificateStore.Stored(null, null, null, 2));
		this.time.settle();
		pass(ofSeconds(1));
		shared.signal();
		this.time.settle();
		assertThat(shared.stored.pair()).isEqualTo(pair);
	}

	@Test
	void pairIsStoredAgainOnceAndThenNotFromWhatWasStoredBefore() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = shared(pair);
		CertificateManager manager = start(builder().store(shared));
		shared.put(new Stored(null, null, null, 2));
		this.time.settle();
		assertThat(shared.writes).extracting(Stored::pair).containsExactly(pair);
		rotate(manager);
		assertThat(shared.outdated).isZero();
	}

	@Test
	void pairIsStoredAgainNoSoonerThanASecondAfterAConflict() {
		SharedMemoryStore shared = shared(pair(ofHours(1), ofHours(99)));
		start(builder().store(shared));
		shared.conflicts = true;
		shared.put(new Stored(null, null, null, 2));
		this.time.settle();
		assertThat(shared.conflicting).isOne();
	}

	/** The store of replicas could not be read at the start, and can be now. */
	@Test
	void bootstrapPairDoesNotReplaceAPairThatWasNotRead() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = shared(pair);
		shared.outages = 1;
		CertificateManager manager = builder().store(shared).bootstrapPair(pair(ofHours(0), ofHours(1))).build();
		assertThat(shared.stored.pair()).isEqualTo(pair);
		manager.start();
		this.time.settle();
		assertThat(manager.current()).contains(pair);
	}

	/** Nobody waits for the rotation any more. */
	@Test
	void requestOfACallerThatEndedWithAnErrorEndsWithTheNextPair() {
		storePair();
		AtomicReference<@Nullable Error> error = new AtomicReference<>();
		CertificateManager manager = start(builder().store(new CertificateStore() {

			@Override
			public Stored read() {
				Error problem = error.get();
				if (problem != null) {
					throw problem;
				}
				return StoreTroubleTests.this.store.read();
			}

			@Override
			public Stored write(Stored next) {
				return StoreTroubleTests.this.store.write(next);
			}

		}));
		error.set(new StackOverflowError("too deep"));
		CompletableFuture<CertificatePair> rotated = rotate(manager);
		assertThat(rotated).isCompletedExceptionally();
		error.set(null);
		CertificatePair other = storePair(ofHours(0), ofHours(500));
		pass(ofMinutes(2));
		assertThat(manager.current()).contains(other);
		assertThat(this.signer.requests).isEmpty();
	}

	/** Whichever was not satisfied before. */
	@Test
	void eachAdoptedPairThatDoesNotSatisfyTheTemplateIsReported(CapturedOutput output) {
		this.signer.isBusy(null);
		this.store.pair = this.authority.pair(CertificateTemplate.ofSubject("a"), this.time.instant(),
				this.time.instant().plus(ofHours(99)));
		start();
		assertLine(output, "does not match the template and is rotated");
		this.store.pair = this.authority.pair(CertificateTemplate.ofSubject("b"), this.time.instant(),
				this.time.instant().plus(ofHours(99)));
		pass(ofMinutes(2));
		assertThat(
				output.getOut().lines().filter((line) -> line.contains("does not match the template and is rotated")))
			.hasSize(2);
	}

	/** The disk is full, or read-only: the API server is not asked each minute. */
	@Test
	void objectIsDeletedOnceAlthoughItsRequestCannotBeRemovedFromTheStore(CapturedOutput output) {
		this.store.kept = () -> this.store.writeFails = true;
		this.signer.lifetime = ofHours(999);
		start();
		pass(ofHours(3));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.signer.discarded).hasSizeLessThan(5);
		assertLine(output, "; the rotation is not affected").contains("] The disk is on fire");
	}

	/** It contains a pair that a replica has stored. */
	private static SharedMemoryStore shared(CertificatePair pair) {
		return new SharedMemoryStore(pair, pair.notAfter().minus(ofHours(50)));
	}

	/** Another rotation may be months away. */
	@Test
	void pairIsKeptAgainAtEachLookWhileTheStoreHasNoCopyOfIt() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = new SharedMemoryStore(pair, pair.notAfter().minus(ofHours(50)));
		start(builder().store(shared));
		pass(ofMinutes(3));
		assertThat(shared.kept).containsExactly(pair);
		shared.lacksCopy = true;
		pass(ofMinutes(2));
		assertThat(shared.kept).containsExactly(pair, pair, pair);
		shared.lacksCopy = false;
		pass(ofMinutes(3));
		assertThat(shared.kept).hasSize(3);
	}

	@Test
	void findingsAreThoseOfThePair() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		Stored stored = new Stored(pair, null, null, List.of(), 1, new Findings("backup", "It lacks one", true));
		assertThat(stored.withPending(null).withRepairs(List.of())).isEqualTo(stored);
		assertThat(stored.withPair(pair(ofHours(1), ofHours(50)), null).findings()).isEqualTo(Findings.NONE);
	}

	@Test
	void copyAndFollowersGetTheAuthoritiesThatAreStoredWithThePair() {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = shared(pair);
		CertificateManager manager = start(builder().store(shared));
		List<@Nullable CertificatePair> followed = new ArrayList<>();
		manager.addFollower((name) -> followed.add(manager.status().pair()));
		CertificatePair more = pair.withAuthorities(List.of(this.authority.certificate()));
		shared.put(new Stored(more, null, shared.stored.deadline(), 2));
		this.time.settle();
		assertThat(shared.kept).hasSize(2).last().isSameAs(more);
		assertThat(followed).singleElement().isSameAs(more);
		assertThat(this.rotations).isEmpty();
		shared.signal();
		pass(ofMinutes(2));
		assertThat(followed).hasSize(1);
	}

	@Test
	void pairIsInUseAlthoughThereIsNoCopyOfIt(CapturedOutput output) {
		this.store.kept = () -> {
			throw new IllegalStateException("no room");
		};
		assertThat(start().current()).isPresent();
		assertLine(output, "The pair is in use, but ").contains("has kept no copy of it");
	}

	/** It has the deadline that a replica has stored with it. */
	@Test
	void pairOfABackupIsNotThatOfAReplica(CapturedOutput output) {
		CertificatePair pair = pair(ofHours(1), ofHours(99));
		SharedMemoryStore shared = shared(pair);
		CertificateManager manager = start(builder().store(shared));
		Stored backup = shared.stored;
		rotate(manager);
		shared.put(backup);
		this.time.settle();
		assertLine(output, "Another program stored a pair that was replaced before").contains("WARN");
		assertThat(output).doesNotContain("Another replica stored");
	}

	@Test
	void nextAttemptIsNotInThePastWhileTheRequestOfAReplicaIsLeftAlone() {
		CertificatePair pair = pair(ofHours(95), ofHours(5));
		SharedMemoryStore shared = new SharedMemoryStore(pair, this.time.instant());
		this.signer.isBusy(null);
		CertificateManager manager = start(builder().store(shared));
		assertThat(manager.status().lastFailure()).isNotNull();
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		shared.put(new Stored(pair,
				new PendingRequest(CertificateRequests.create("other-1", TEMPLATE, Signer.of("example.com/other"),
						List.of(), null, keys), keys.getPrivate(), null, null),
				pair.notAfter(), shared.stored.version()));
		this.time.settle();
		pass(ofMinutes(1));
		assertThat(manager.status().lastFailure()).isNotNull()
			.returns(this.time.instant().plus(ofMinutes(14)), Failure::nextAttempt);
	}

}
