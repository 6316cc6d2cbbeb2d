package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests for a manager that shares its store with another replica, whose part the test
 * plays. The simulation plays both, at random.
 *
 * @see io.kubelet.cert.rotation.core.NextState
 */
class ReplicaTests extends ManagerFixture {

	private static final CertificateTemplate OTHER = CertificateTemplate.ofSubject("other");

	/**
	 * How long others are given for what they have begun; by chance the shortest time.
	 */
	private static final Duration MOMENT = ofSeconds(1);

	/** How long the object of a request that was found may be missing. */
	private static final Duration GRACE = ofSeconds(15);

	/** After the rotation deadline of the pair that is stored at first. */
	private static final Duration UNTIL_DEADLINE = ofHours(69);

	private final CertificatePair pair = pair(ofHours(1), ofHours(99));

	private final SharedMemoryStore shared = new SharedMemoryStore(this.pair);

	private final PendingRequest request = pendingRequest(TEMPLATE);

	private final String name = String.valueOf(this.request.request().name());

	@BeforeEach
	void hold() {
		this.signer.holds();
	}

	@AfterEach
	void everyWriteWasMadeFromWhatWasStored() {
		assertThat(this.shared.outdated).isZero();
	}

	@Override
	public CertificateManagerBuilder builder() {
		return super.builder().store(this.shared);
	}

	@Test
	void requestIsJoinedAndItsPairUsed(CapturedOutput output) {
		CertificateManager manager = start();
		pass(UNTIL_DEADLINE.minusMinutes(1));
		put(this.pair, this.request);
		assertThat(this.signer.joined).isEmpty();
		pass(MOMENT);
		assertThat(this.signer.joined).containsExactly(this.name);
		assertThat(manager.status().pendingRequest()).isNotNull().returns(this.name, ConfirmedRequest::name);
		assertThat(output).contains("Another replica has stored request " + this.name + ": its");
		CertificatePair answer = answer(this.request);
		this.shared.put(new Stored(answer, null, this.time.instant().plus(ofMinutes(50)), 3));
		this.time.settle();
		assertThat(manager.current()).contains(answer);
		assertThat(manager.status().pendingRequest()).isNull();
		assertThat(manager.status().rotations().history()).extracting(Outcome::trigger, Outcome::serialNumber)
			.containsExactly(tuple(Trigger.RESUMED, answer.serialNumber()));
		assertThat(this.signer.answers).singleElement().matches(CompletableFuture::isCancelled);
		assertThat(output).contains("Another replica stored a pair, which is used now",
				"another process had requested it: the certificate was stored by another replica");
		pass(ofMinutes(49));
		assertThat(this.rotations).hasSize(1);
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void requestThatIsAnsweredBeforeItIsJoinedMakesNoRotationDue() {
		start();
		put(this.pair, this.request);
		put(answer(this.request), null);
		pass(ofMinutes(5));
		assertThat(this.signer.joined).isEmpty();
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void requestGivesWayToThatOfAnotherReplica() {
		CompletableFuture<CertificatePair> rotation = rotate(start());
		put(this.pair, this.request);
		pass(MOMENT);
		assertThat(this.signer.answers).hasSize(2).first().matches(CompletableFuture::isCancelled);
		assertThat(this.signer.joined).containsExactly(this.name);
		CertificatePair answer = answer(this.request);
		put(answer, null);
		assertThat(rotation).isCompletedWithValue(answer);
		assertThat(this.signer.requests).hasSize(1);
	}

	@Test
	void replicaThatComesFirstWithARequestIsFollowedAtOnce() {
		CertificateManager manager = start();
		this.shared.faster = new Stored(this.pair, this.request, null, 2);
		manager.rotate();
		pass(MOMENT);
		assertThat(this.signer.joined).containsExactly(this.name);
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.failures).isEmpty();
	}

	/** A request remains in the store as long as its object does. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void replicaThatStoresTheAnswerFirstIsFollowed(boolean requestRemains) {
		CertificateManager manager = start();
		rotate(manager);
		CertificatePair answer = answer(pending());
		this.shared.faster = new Stored(answer, requestRemains ? pending() : null, null, 3);
		answer(0);
		pass(ofMinutes(2));
		assertThat(manager.current()).contains(answer);
		assertThat(manager.status().rotations().history()).extracting(Outcome::serialNumber)
			.containsExactly(answer.serialNumber());
	}

	/** Such as one that a person stored. */
	@Test
	void pairThatIsNoAnswerEndsNoAttempt(CapturedOutput output) {
		CertificateManager manager = start();
		CompletableFuture<CertificatePair> rotation = rotate(manager);
		CertificatePair other = pair(ofHours(0), ofHours(98));
		put(other, pending());
		assertThat(manager.current()).contains(other);
		assertThat(rotation).isNotDone();
		assertThat(output).contains("A rotation is requested", "Another program stored a pair, which is used now");
		answer(0);
		assertThat(rotation).isCompleted();
		assertThat(manager.status().rotations().history()).extracting(Outcome::trigger)
			.containsExactly(Trigger.REQUESTED, null);
		assertThat(this.signer.requests).hasSize(1);
	}

	@Test
	void attemptEndsWhenItsRequestAndThePairThatItIsForAreGone() {
		rotate(start());
		put(this.pair, null);
		assertThat(this.signer.answers.get(0)).as("it is for this pair").isNotDone();
		put(pair(ofHours(0), ofHours(98)), null);
		assertThat(this.signer.answers.get(0)).isCancelled();
		assertThat(this.signer.requests).as("one was asked for").hasSize(2);
		assertThat(this.shared.stored.pending()).isNotNull();
	}

	/**
	 * A replica that ended before it sent what it had stored. Whoever can write the store
	 * could have us request a certificate for a key that is known.
	 */
	@Test
	void requestThatWasNotCreatedIsReplacedByOneWithANewKeyAndEachOneIsGivenTime(CapturedOutput output) {
		start();
		pass(UNTIL_DEADLINE);
		int before = this.signer.requests.size();
		nothingIsFound();
		put(this.pair, pendingRequest(TEMPLATE));
		pass(MOMENT);
		assertThat(this.signer.joined).hasSize(1);
		put(this.pair, this.request);
		this.random = 0.5;
		pass(MOMENT);
		assertThat(this.signer.joined).hasSize(2);
		pass(GRACE.multipliedBy(2).plusMillis(999));
		assertThat(this.signer.joined).as("it is the second one in a row").hasSize(2);
		pass(ofMillis(1));
		assertThat(this.signer.joined).hasSize(3);
		assertThat(this.shared.stored.pending()).as("others need not be told in between").isEqualTo(this.request);
		this.signer.issues();
		pass(ofSeconds(10));
		assertThat(this.signer.requests.subList(before, this.signer.requests.size())).singleElement()
			.returns(false, (request) -> request.publicKey().equals(this.request.request().publicKey()));
		assertThat(this.rotations).hasSize(1);
		assertThat(this.shared.stored.pending()).isNull();
		assertThat(output).doesNotContain("asks for something else");
	}

	/** As when the API server is busy. */
	@Test
	void requestWhoseObjectIsCreatedLateIsJoined() {
		start();
		pass(UNTIL_DEADLINE);
		int before = this.signer.requests.size();
		nothingIsFound();
		put(this.pair, this.request);
		pass(MOMENT);
		this.signer.issues();
		pass(GRACE);
		assertThat(this.signer.requests).hasSize(before);
		assertThat(this.rotations).singleElement()
			.matches((rotated) -> this.request.hasKey(rotated.current().leaf().getPublicKey()));
	}

	/** The process that stored it may have ended; or somebody knows its key. */
	@Test
	void requestThatIsFoundAtTheStartAndWasNotCreatedIsReplacedByOneWithANewKey() {
		this.shared.stored = new Stored(pair(ofHours(99), ofHours(0)), this.request, null, 1);
		nothingIsFound();
		start();
		pass(GRACE);
		assertThat(this.signer.joined).hasSize(2);
		assertThat(this.signer.requests).isEmpty();
		this.signer.issues();
		pass(ofSeconds(10));
		assertThat(this.signer.requests).singleElement()
			.returns(false, (request) -> this.request.hasKey(request.publicKey()));
		assertThat(this.rotations).hasSize(1);
	}

	@Test
	void requestThatWasNotCreatedIsRemovedIfNoRotationIsDue() {
		start();
		nothingIsFound();
		put(this.pair, this.request);
		pass(ofMinutes(1));
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.shared.stored.pending()).isNull();
	}

	/** Each time, by somebody who can write the store. */
	@Test
	void requestsThatAreStoredAgainAndAgainCauseNoStorm() {
		start();
		this.signer.silent();
		pass(UNTIL_DEADLINE);
		this.signer.requests.clear();
		assertThat(plantAgainAndAgain(this.pair, 3600)).isBetween(3, 10);
	}

	/** Whoever has ended does not delay the next certificate for long then. */
	@Test
	void requestsThatAreStoredAgainAndAgainDelayNoneForLongWithoutAValidCertificate() {
		CertificatePair expired = pair(ofHours(9), ofHours(-1));
		this.shared.stored = new Stored(expired, null, null, 1);
		this.signer.silent();
		start();
		assertThat(plantAgainAndAgain(expired, 1200)).isBetween(9, 20);
	}

	/** Returns how many requests of our own were sent meanwhile. */
	private int plantAgainAndAgain(CertificatePair pair, int seconds) {
		Set<PublicKey> planted = new HashSet<>();
		for (int second = 0; second < seconds; second++) {
			PendingRequest stored = this.shared.stored.pending();
			if (stored == null || !planted.contains(stored.request().publicKey())) {
				PendingRequest next = pendingRequest(TEMPLATE);
				planted.add(next.request().publicKey());
				put(pair, next);
			}
			this.signer.answers.stream()
				.filter((answer) -> !answer.isDone())
				.forEach((answer) -> answer.completeExceptionally(RequestException.lost("Gone", "It does not exist")));
			pass(ofSeconds(1));
		}
		assertThat(this.signer.requests).noneMatch((request) -> planted.contains(request.publicKey()));
		return this.signer.requests.size();
	}

	/**
	 * Another replica may have stored the certificate, and deleted the object. The new
	 * request does not wait until the API server has answered that there is none.
	 */
	@Test
	void objectThatVanishesIsLookedForOnceMoreBeforeANewRequest() {
		this.signer.removal = new CompletableFuture<>();
		rotate(start());
		lose(0);
		assertThat(this.signer.answers).hasSize(1);
		pass(MOMENT);
		assertThat(this.signer.answers).as("it was found again").hasSize(2);
		this.signer.silent();
		lose(1);
		pass(MOMENT);
		assertThat(this.signer.joined).hasSize(2).containsOnly(request(0).name());
		assertThat(this.failures).isEmpty();
		lose(2);
		assertThat(this.failures).extracting(Failure::reason).containsExactly("Gone");
		pass(ofSeconds(2));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(pending().request().publicKey()).isNotEqualTo(request(0).publicKey());
	}

	private void lose(int answer) {
		this.signer.answers.get(answer).completeExceptionally(RequestException.lost("Gone", "It does not exist"));
		this.time.settle();
	}

	@Test
	void storingTheAnswerIsTriedAFewTimes() {
		rotate(start());
		this.shared.conflicts = true;
		answer(0);
		assertThat(this.shared.conflicting).isEqualTo(5);
		assertThat(this.failures).hasSize(1);
	}

	@ParameterizedTest
	@CsvSource({ "PT50H, PT50H, 2500", "PT1S, PT1S, 2500", "PT90H, PT90H, 0", "PT98H, PT90H, 0", "PT0S, PT80H, 0",
			"PT100H, PT80H, 0" })
	void deadlineIsThatOfAllReplicasAndAMoment(Duration stored, Duration expected, int millis) {
		this.random = 0.5;
		CertificatePair other = pair(ofHours(1), ofHours(99));
		this.shared.stored = new Stored(other, null, other.notBefore().plus(stored), 2);
		assertThat(start().status().schedule().deadline())
			.isEqualTo(other.notBefore().plus(expected).plusMillis(millis));
	}

	@ParameterizedTest
	@CsvSource({ "PT21S, PT21.15S", "PT26.9S, PT27S", "PT27S, PT27S" })
	void deadlineOfAShortCertificateLeavesTimeForTheRotation(Duration stored, Duration expected) {
		this.random = 0.5;
		CertificatePair other = pair(ofSeconds(0), ofSeconds(30));
		this.shared.stored = new Stored(other, null, other.notBefore().plus(stored), 2);
		assertThat(start().status().schedule().deadline()).isEqualTo(other.notBefore().plus(expected));
	}

	/** Whoever can write the store could have our identity create anything. */
	@Test
	void requestThatIsNotWhatWeWouldAskForIsNeverCreated() {
		CertificateManager manager = start();
		nothingIsFound();
		plant(SIGNER);
		pass(ofMinutes(1));
		assertThat(this.signer.joined).isNotEmpty().allMatch("planted-1"::equals);
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.shared.stored.pending()).as("nobody waits for it any more").isNull();
		assertThat(manager.current()).contains(this.pair);
	}

	@Test
	void attemptThatFailsBeforeItsRequestIsStoredIsRepeatedAfterAPause() {
		start(dynamic().store(this.shared).keys((specification) -> {
			throw new IllegalStateException("no entropy");
		}));
		put(this.pair, this.request);
		this.template = OTHER;
		pass(ofSeconds(1));
		assertThat(this.failures).hasSize(1);
		pass(ofSeconds(1));
		assertThat(this.failures).hasSize(1);
		pass(ofSeconds(10));
		assertThat(waits()).containsSubsequence(ofSeconds(2), ofSeconds(4));
		pass(ofMinutes(3));
		assertThat(this.signer.discarded).as("the other replica waits for it").isEmpty();
		assertThat(this.shared.stored.pending()).isEqualTo(this.request);
	}

	/** That of a replica with the configuration of another version is answered. */
	@Test
	void requestForAnotherSignerIsLeftAloneForTheTimeOfAnAttempt() {
		CertificateManager manager = start();
		PendingRequest planted = plant("example.com/admin");
		pass(ofMinutes(14));
		assertThat(this.shared.stored.pending()).isEqualTo(planted);
		manager.rotate();
		pass(ofSeconds(1));
		assertThat(this.shared.stored.pending()).as("one request at a time").isEqualTo(planted);
		pass(ofMinutes(2));
		assertThat(this.signer.joined).isEmpty();
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.shared.stored.pending()).isNotNull()
			.matches((pending) -> pending.request().signer().equals(Signer.of(SIGNER)));
		assertThat(manager.current()).contains(this.pair);
	}

	@Test
	void requestForAnotherSignerIsLeftAloneForHalfOfTheRemainingTime(CapturedOutput output) {
		CertificatePair last = pair(ofHours(1), ofMinutes(8));
		this.shared.stored = new Stored(last, null, null, 1);
		CertificateManager manager = start();
		PendingRequest planted = plant("example.com/admin", last);
		pass(ofMinutes(3));
		assertThat(this.shared.stored.pending()).isEqualTo(planted);
		assertLine(output, "another signer").contains("Another replica has stored request planted-1",
				"example.com/admin", "left alone until 2026-01-01T00:04:00Z");
		pass(ofMinutes(2));
		assertThat(this.shared.stored.pending()).isNotNull()
			.matches((pending) -> pending.request().signer().equals(Signer.of(SIGNER)));
		assertThat(manager.current()).contains(last);
	}

	/** As without a certificate. */
	@Test
	void requestForAnotherSignerIsLeftAloneForAMinuteAtLeast() {
		CertificatePair last = pair(ofHours(10), ofSeconds(4));
		this.shared.stored = new Stored(last, null, null, 1);
		start();
		PendingRequest planted = plant("example.com/other", last);
		pass(ofSeconds(59));
		assertThat(this.shared.stored.pending()).isEqualTo(planted);
	}

	@Test
	void requestForAnotherSignerIsRemovedThenIfNoRotationIsDue() {
		start();
		plant("example.com/admin");
		pass(ofMinutes(14));
		this.shared.conflicts = true;
		pass(ofMinutes(3));
		assertThat(this.shared.conflicting).isBetween(1, 20);
		this.shared.conflicts = false;
		pass(ofMinutes(1));
		assertThat(this.shared.stored.pending()).isNull();
		assertThat(this.signer.discarded).isEmpty();
	}

	/** Its answer cannot be stored any more. */
	@Test
	void requestThatGivesWayToOneForAnotherSignerIsDeleted() {
		CompletableFuture<CertificatePair> rotation = rotate(start());
		PendingRequest planted = plant("example.com/admin");
		assertThat(this.signer.answers).singleElement().matches(CompletableFuture::isCancelled);
		assertThat(this.signer.discarded).containsExactly(request(0).name());
		assertThat(this.shared.stored.pending()).isEqualTo(planted);
		assertThat(rotation).isNotDone();
	}

	private PendingRequest plant(String signerName) {
		return plant(signerName, this.pair);
	}

	private PendingRequest plant(String signerName, CertificatePair pair) {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		PendingRequest planted = new PendingRequest(CertificateRequests.create("planted-1",
				CertificateTemplate.ofSubject("admin"), Signer.of(signerName), List.of(), null, keys),
				keys.getPrivate(), null, null);
		put(pair, planted);
		return planted;
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void pairForTheTemplateOfAnotherReplicaIsReportedAndUsedForAnHour(boolean joined, CapturedOutput output) {
		CertificateManager manager = start();
		this.signer.lifetime = ofHours(100);
		PendingRequest request = pendingRequest(OTHER);
		if (joined) {
			put(this.pair, request);
			pass(MOMENT);
			this.signer.answers.get(0).complete(this.signer.issue(request.request()));
			assertThat(output)
				.contains(", which has the template of a replica that was started later: its certificate");
		}
		else {
			this.shared.put(new Stored(answer(request), null, this.time.instant().plus(ofHours(50)), 2));
		}
		this.time.settle();
		if (!joined) {
			assertLine(output, "It was started later and has another").contains("WARN",
					"Another replica stored a pair");
		}
		assertThat(manager.current().orElseThrow().leaf()).matches(OTHER::isSatisfiedBy);
		assertThat(manager.status().schedule().deadline()).isEqualTo(this.time.instant().plus(ofHours(1)));
		this.signer.issues();
		pass(ofHours(1));
		assertThat(manager.current().orElseThrow().leaf()).matches(TEMPLATE::isSatisfiedBy);
	}

	@Test
	void requestIsJoinedAtTheStart() {
		this.shared.stored = new Stored(this.pair, this.request, null, 1);
		start();
		pass(MOMENT);
		assertThat(this.signer.joined).containsExactly(this.name);
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.signer.discarded).isEmpty();
		assertThat(this.shared.stored.pending()).isEqualTo(this.request);
	}

	/** A replica of a newer version may wait for it. */
	@Test
	void requestWithAnotherTemplateIsLeftAloneAfterAStartUntilARotationIsDue() {
		PendingRequest request = pendingRequest(OTHER);
		this.shared.stored = new Stored(this.pair, request, null, 1);
		start();
		pass(UNTIL_DEADLINE.minusMinutes(1));
		assertThat(this.signer.discarded).isEmpty();
		assertThat(this.signer.joined).isEmpty();
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.shared.stored.pending()).isEqualTo(request);
		pass(ofMinutes(1));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.signer.discarded).containsExactly(request.request().name());
		assertThat(pending().hasKey(request(0).publicKey())).isTrue();
	}

	@Test
	void answerToARequestThatIsLeftAloneIsUsed() {
		PendingRequest request = pendingRequest(OTHER);
		this.shared.stored = new Stored(this.pair, request, null, 1);
		CertificateManager manager = start();
		this.signer.lifetime = ofHours(100);
		CertificatePair answer = answer(request);
		this.shared.put(new Stored(answer, null, this.time.instant().plus(ofHours(50)), 2));
		this.time.settle();
		assertThat(manager.current()).contains(answer);
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.signer.requests).isEmpty();
	}

	/** By a replica that has ended since. */
	@Test
	void requestThatWasAnsweredAndLeftIsRemovedAfterHalfAMinute() {
		storeAnswered();
		CertificateManager manager = start();
		pass(ofSeconds(29));
		assertThat(this.signer.discarded).isEmpty();
		this.shared.conflicts = true;
		pass(ofMinutes(1));
		assertThat(this.shared.stored.pending()).isEqualTo(this.request);
		this.shared.conflicts = false;
		pass(ofMinutes(1));
		assertThat(this.shared.stored.pending()).as("it is tried again").isNull();
		assertThat(this.signer.discarded).containsOnly(this.name);
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.signer.joined).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestIsRemovedFromTheStoreAfterItsObjectUnlessAnotherHasTakenItsPlace(boolean replaced) {
		storeAnswered();
		CompletableFuture<Void> removal = new CompletableFuture<>();
		this.signer.removal = removal;
		start();
		pass(ofMinutes(5));
		assertThat(this.signer.discarded).hasSize(1);
		assertThat(this.shared.stored.pending()).isNotNull();
		PendingRequest next = replaced ? pendingRequest(TEMPLATE) : null;
		if (next != null) {
			put(Objects.requireNonNull(this.shared.stored.pair()), next);
		}
		removal.complete(null);
		this.time.settle();
		assertThat(this.shared.stored.pending()).isEqualTo(next);
	}

	@Test
	void requestThatWasAnsweredAndLeftIsRemovedByTheNextRotation() {
		storeAnswered();
		this.signer.issues();
		rotate(start());
		assertThat(this.signer.discarded).hasSize(2).first().isEqualTo(this.name);
		assertThat(this.rotations).hasSize(1);
	}

	/** With a signer whose objects have to be deleted, the request remains until then. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestIsRemovedWithThePairUnlessItsObjectRemains(boolean objectRemains) {
		this.signer.keepsObjects = objectRemains;
		this.signer.issues();
		rotate(start());
		assertThat(this.shared.writes).extracting((stored) -> stored.pending() != null)
			.isEqualTo(objectRemains ? List.of(true, true, false) : List.of(true, false));
		assertThat(this.signer.discarded).hasSize(1);
	}

	@Test
	void deniedRequestOfAnotherReplicaIsAFailureAndMakesNoRotationDue(CapturedOutput output) {
		CompletableFuture<Void> removal = new CompletableFuture<>();
		this.signer.removal = removal;
		CertificateManager manager = start();
		deny();
		pass(ofSeconds(10));
		removal.complete(null);
		pass(ofMinutes(10));
		assertThat(this.failures).hasSize(1);
		assertThat(manager.status().lastFailure()).isEqualTo(this.failures.get(0));
		assertThat(output).doesNotContain("are over");
		assertThat(this.shared.stored.pending()).isNull();
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.signer.requests).isEmpty();
	}

	/** The other replica has been told something that we have missed. */
	@Test
	void requestThatItsReplicaHasWithdrawnIsAFailure() {
		CertificateManager manager = start();
		this.signer.silent();
		this.signer.failsWith((any) -> RequestException.unavailable("Down", "It is down", null, null));
		put(this.pair, this.request);
		pass(ofSeconds(6));
		assertThat(this.signer.joined).as("after 1, 3 and 5 seconds").hasSize(3);
		put(this.pair, null);
		pass(ofMinutes(5));
		assertThat(this.failures).extracting(Failure::reason).containsExactly("Down", "Down", "Down", "Withdrawn");
		assertThat(this.signer.joined).hasSize(3);
		assertThat(manager.status().state()).isEqualTo(State.VALID);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestThatIsDeniedOrWithdrawnBeforeItIsLookedForIsAFailureWithAPause(boolean denied) {
		start();
		pass(UNTIL_DEADLINE.minusSeconds(10));
		deny();
		if (!denied) {
			put(this.pair, null);
		}
		pass(ofSeconds(59));
		assertThat(this.failures).extracting(Failure::reason).containsExactly(denied ? "Policy" : "Withdrawn");
		assertThat(this.signer.requests).isEmpty();
		pass(ofSeconds(3));
		assertThat(this.signer.requests).hasSize(1);
	}

	/** By one that ends soon after each start. */
	@Test
	void requestsThatAnotherReplicaWithdrawsAgainAndAgainDoNotProlongThePause() {
		start();
		for (int i = 0; i < 5; i++) {
			put(this.pair, pendingRequest(TEMPLATE));
			put(this.pair, null);
			pass(ofSeconds(3));
		}
		assertThat(this.failures).extracting(Failure::reason).hasSize(5).containsOnly("Withdrawn");
		assertThat(waits()).containsOnly(ofMinutes(1));
	}

	/** Replicas that end soon after each start store requests that are denied. */
	@Test
	void denialsOfRequestsThatOtherReplicasStoreWithinAPauseDoNotProlongIt() {
		start();
		this.signer.failsWith((any) -> RequestException.denied("joined", Signer.of("signer"), "Policy", "Not today"));
		for (int i = 0; i < 5; i++) {
			put(this.pair, pendingRequest(TEMPLATE));
			pass(ofSeconds(5));
		}
		assertThat(this.failures).extracting(Failure::reason).hasSize(5).containsOnly("Policy");
		assertThat(waits()).containsOnly(ofMinutes(1));
	}

	private void nothingIsFound() {
		this.signer.silent();
		this.signer.failsWith((request) -> RequestException.lost("Gone", "It does not exist"));
	}

	private void deny() {
		this.signer.failsWith((any) -> RequestException.denied("joined", Signer.of("signer"), "Policy", "Not today"));
		put(this.pair, this.request);
	}

	/** Another replica writes. */
	private void put(CertificatePair pair, @Nullable PendingRequest request) {
		this.shared.put(new Stored(pair, request, null, 2));
		this.time.settle();
	}

	/** What another replica with this template stores. */
	private PendingRequest pendingRequest(CertificateTemplate template) {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		List<Usage> usages = Usage.defaults(Signer.of(SIGNER), template, keys.getPublic());
		String name = RequestNaming.BY_KEY.name(keys.getPublic(), template, usages);
		return new PendingRequest(CertificateRequests.create(name, template, Signer.of(SIGNER), usages, null, keys),
				keys.getPrivate(), KeySpecification.EC_P256, this.pair.serialNumber());
	}

	/** The pending request and its answer are stored. */
	private void storeAnswered() {
		this.signer.lifetime = ofHours(100);
		this.shared.stored = new Stored(answer(this.request), this.request, null, 1);
	}

	private PendingRequest pending() {
		return Objects.requireNonNull(this.shared.stored.pending());
	}

	private CertificatePair answer(PendingRequest request) {
		return new CertificatePair(this.signer.issue(request.request()), request.privateKey());
	}

}
