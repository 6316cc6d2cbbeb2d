package io.kubelet.cert.rotation.core;

import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Decision.Adopt;
import io.kubelet.cert.rotation.core.Decision.Fail;
import io.kubelet.cert.rotation.core.Decision.Forget;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Restore;
import io.kubelet.cert.rotation.core.Decision.Tolerate;
import io.kubelet.cert.rotation.core.Decision.Wait;
import io.kubelet.cert.rotation.core.Decision.Withdraw;
import io.kubelet.cert.rotation.core.Pending.Leaving;
import io.kubelet.cert.rotation.core.Pending.Stage;
import io.kubelet.cert.rotation.core.Transitions.Event;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is known after an event, and what follows from it.
 *
 * @see Transitions
 * @see NextState
 * @see StoreView
 * @see Notices
 * @see Others
 * @see Repair
 */
class TransitionsTests extends CoreFixture {

	private static final TransitionsTests make = new TransitionsTests();

	private static final Instant DEADLINE = NOW.plus(Duration.ofHours(50));

	private static final CertificatePair PAIR = make.pair(TEMPLATE, NOW.minus(Duration.ofHours(1)), 100);

	private static final CertificatePair NEXT = make.pair(TEMPLATE, NOW, 200);

	private static final CertificatePair FOREIGN = make.pair(OTHER, NOW, 200);

	private static final CertificatePair EXPIRED = make.pair(TEMPLATE, NOW.minus(Duration.ofHours(2)), 1);

	private final State valid = shared(reading(PAIR, null, DEADLINE));

	@Test
	void expiredPairInTheStoreIsReplacedUnlessAReplicaHasStoredIt() {
		CertificatePair later = pair(TEMPLATE, PAIR.notBefore().plusSeconds(1), 0);
		assertThat(decide(observe(this.valid, reading(later, null, DEADLINE)))).isEqualTo(new Wait(DEADLINE));
		assertThat(decide(observe(this.valid, reading(later, null, null)))).isEqualTo(new Restore(PAIR));
	}

	/** This replica may have started after it was replaced. A later one may be short. */
	@Test
	void expiredPairOfABackupIsReplacedWithItsDeadline() {
		State restored = observe(this.valid, reading(EXPIRED, null, DEADLINE));
		assertThat(decide(restored)).isEqualTo(new Restore(PAIR));
		assertThat(restored.storeProblem())
			.isEqualTo("Another program stored a pair that is not valid now; it is not used");
	}

	/** Two programs may store pairs in turn. */
	@Test
	void pairOfAnotherProgramIsUsedAfterAPauseIfPairsWereReplacedLately() {
		State refused = observe(this.valid, reading(FOREIGN, null, null));
		assertThat(refused.storeProblem()).contains("Another program stored a pair that does not match the template");
		State paced = observe(refused, repaired(NEXT));
		assertThat(decide(paced)).isEqualTo(new Wait(NOW.plusSeconds(60).minusMillis(1)));
		assertThat(paced.storeProblem()).isNull();
		assertThat(Decisions.decide(paced, NOW.plusSeconds(60))).isEqualTo(new Adopt(NEXT, List.of()));
	}

	@Test
	void failedRepairIsNotRepeatedInItsPauseUnlessThePairWasThereMeanwhile() {
		State failed = after(observe(this.valid, Reading.NOTHING), (next) -> next.notRestored("It fails"));
		State seen = observe(failed, Reading.NOTHING);
		assertThat(decide(seen)).isEqualTo(new Wait(NOW.plusSeconds(60)));
		assertThat(seen.storeProblem()).isEqualTo("It fails; the last valid pair stays in use");
		State there = observe(seen, reading(PAIR, null, DEADLINE));
		assertThat(there.storeProblem()).isNull();
		assertThat(decide(observe(there, Reading.NOTHING))).isEqualTo(new Restore(PAIR));
	}

	@Test
	void pairThatIsStoredAgainIsNotStoredOnceMore() {
		State missing = observe(this.valid, Reading.NOTHING);
		assertThat(decide(missing)).isEqualTo(new Restore(PAIR));
		State failed = after(missing, (next) -> next.notRestored("It fails"));
		assertThat(failed.storeProblem()).isNotNull();
		State restored = after(failed, (next) -> next.restored(reading(PAIR, null, DEADLINE)));
		assertThat(restored.storeProblem()).isNull();
		assertThat(decide(restored)).isEqualTo(new Wait(DEADLINE));
	}

	@Test
	void serverIsAsHealthyAsWhenItWasContactedLast() {
		State contacted = after(this.valid, new Fail(RequestException.overQuota("Too many requests")));
		assertThat(this.valid.past().serverHealthy()).isNull();
		assertThat(contacted.past().serverHealthy()).isTrue();
		assertThat(after(contacted, new Fail(new IllegalStateException("no key"))).past().serverHealthy()).isTrue();
	}

	@Test
	void pairGetsTheAuthoritiesThatAreStoredWithIt() {
		CertificatePair stored = PAIR.withAuthorities(List.of(NEXT.leaf()));
		State state = observe(this.valid, reading(stored, null, DEADLINE));
		assertThat(state.pair()).isSameAs(stored);
		assertThat(observe(state, reading(PAIR.withAuthorities(List.of(NEXT.leaf())), null, DEADLINE)).pair())
			.isSameAs(stored);
		assertThat(state.due().since()).isNull();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void pairWithoutItsAuthorityIsReplacedAndReported(boolean adopted) {
		CertificatePair pair = adopted ? NEXT : PAIR;
		State state = observe(this.valid, lacking(pair));
		if (adopted) {
			state = after(state, new Adopt(NEXT, List.of()));
		}
		assertThat(state.storeProblem()).isEqualTo("It lacks one");
		assertThat(state.due().trigger()).isEqualTo(Trigger.DAMAGED);
		assertThat(decide(state)).isEqualTo(new Request(TEMPLATE));
	}

	@Test
	void problemOfTheStoreEndsWithTheNextPair() {
		State refused = observe(this.valid,
				new Reading(new Stored(NEXT, null, DEADLINE, null), "It is of a stranger", null));
		assertThat(refused.storeProblem()).isEqualTo("Another replica stored a pair that is of an issuer that is not "
				+ "accepted here; it is not used: It is of a stranger");
		PendingRequest request = request(TEMPLATE, PAIR);
		CertificatePair answer = answer(request, NOW, 100);
		State issued = after(refused, new Request(TEMPLATE), (next) -> next.created(request, refused.stored()),
				(next) -> next.issued(answer, List.of(), reading(answer, null, DEADLINE)));
		assertThat(issued.storeProblem()).isNull();
		assertThat(issued.pair()).isEqualTo(answer);
	}

	/** The start gives up before the end of the attempt. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void objectIsLookedAtBeforeTheApplicationGivesUp(boolean awaitedFirst) {
		State first = Transitions.start(policy(false, false), Reading.NOTHING, TEMPLATE, null, true, NOW, 0);
		Event awaited = (next) -> next.awaited(NOW.plusSeconds(20));
		State state = awaitedFirst ? after(first, awaited, new Request(TEMPLATE))
				: after(first, new Request(TEMPLATE), awaited);
		assertThat(decide(created(state))).isEqualTo(new Wait(NOW.plusSeconds(15)));
	}

	@Test
	void applicationThatHasGivenUpMakesNoLook() {
		State first = Transitions.start(policy(false, false), Reading.NOTHING, TEMPLATE, null, true,
				NOW.minusSeconds(60), 0);
		State late = after(
				Transitions.after(first, (next) -> next.awaited(NOW.minusSeconds(30)), NOW.minusSeconds(60), 0),
				new Request(TEMPLATE));
		assertThat(decide(created(late))).isEqualTo(new Wait(NOW.plusSeconds(60)));
	}

	private State created(State state) {
		PendingRequest request = request(TEMPLATE, null);
		return after(state, (next) -> next.created(request, reading(null, request, null)));
	}

	@Test
	void pairIsFoundExpiredUnlessItWasValidOnce() {
		State found = shared(reading(EXPIRED, null, DEADLINE));
		assertThat(found.notices().foundExpired()).isTrue();
		assertThat(found.notices().invalidSince()).isEqualTo(NOW);
		State corrected = Transitions.after(found, Transitions::demanded, NOW.minus(Duration.ofMinutes(90)), 0);
		assertThat(corrected.notices()).isEqualTo(Notices.NONE);
		State expired = after(corrected, Transitions::demanded);
		assertThat(expired.notices().foundExpired()).isFalse();
		assertThat(expired.notices().invalidSince()).isEqualTo(NOW);
	}

	/** What replicas with that signer need the certificate for is not known here. */
	@Test
	void requestForAnotherSignerIsLeftAloneAsLongAsTheStoredPairAllows() {
		KeyPair key = key();
		PendingRequest other = new PendingRequest(
				CertificateRequests.create("other", TEMPLATE, Signer.of("example.com/other"), List.of(), null, key),
				key.getPrivate(), null, null);
		State refused = shared(new Reading(new Stored(NEXT, other, DEADLINE, null), "stranger", null));
		assertThat(refused.pair()).isNull();
		assertThat(decide(observe(after(refused, new Forget()), refused.stored())))
			.isEqualTo(new Tolerate(other, Pause.of(NOW, WAIT)));
	}

	@Test
	void pairThatTakesThePlaceOfAForeignOneIsARepair() {
		assertThat(repairs(shared(reading(FOREIGN, null, null)), true)).isEqualTo(1);
		assertThat(repairs(shared(reading(FOREIGN, null, null)), false)).isZero();
		assertThat(repairs(shared(reading(FOREIGN, null, DEADLINE)), true)).isZero();
		assertThat(repairs(shared(reading(PAIR, null, null)), true)).isZero();
		assertThat(repairs(shared(Reading.NOTHING), true)).isZero();
		assertThat(repairs(this.valid, true)).isZero();
		assertThat(repairs(observe(this.valid, reading(FOREIGN, null, null)), true)).isEqualTo(1);
		assertThat(repairs(observe(this.valid, Reading.NOTHING), true)).isEqualTo(1);
		assertThat(repairs(observe(this.valid, this.valid.stored().failed(new StoreException("damaged", null))), true))
			.isEqualTo(1);
		assertThat(repairs(observe(this.valid, repaired(NEXT)), true)).isEqualTo(2);
		assertThat(repairs(observe(this.valid, reading(NEXT, null, DEADLINE)), true)).isZero();
		assertThat(repairs(observe(this.valid, lacking(PAIR)), true)).isEqualTo(1);
	}

	/** It changes nothing but that it cannot be read now. */
	@Test
	void storeThatIsOutOfReachReportsNothing() {
		State state = observe(this.valid,
				this.valid.stored().failed(new StoreException(Kind.UNAVAILABLE, "It is away", null)));
		assertThat(state.storeProblem()).isNull();
		assertThat(decide(state)).isEqualTo(new Wait(DEADLINE));
	}

	/** A time in the future is that of a wrong clock. */
	@Test
	void repairsInTheFutureDoNotCount() {
		Instant skewed = NOW.plus(CertificatePair.CLOCK_SKEW);
		List<Instant> times = List.of(skewed, skewed.plusMillis(1), NOW.plus(Duration.ofHours(1)));
		State state = observe(this.valid, reading(new Stored(PAIR, null, DEADLINE, null).withRepairs(times), ""));
		assertThat(state.repair().times(NOW).times()).containsExactly(skewed);
	}

	@Test
	void thirdRepairInARowIsNoCoincidence() {
		Repair twice = Repair.NONE.and(List.of(NOW.minusSeconds(2), NOW.minusSeconds(1)), NOW);
		assertThat(twice.times(NOW).isContested()).isFalse();
		assertThat(twice.adopted(NOW).times(NOW).isContested()).isTrue();
	}

	@Test
	void answerIsStoredAndCounted() {
		PendingRequest request = request(TEMPLATE, PAIR);
		CertificatePair answer = answer(request, NOW, 100);
		Reading written = reading(answer, request, DEADLINE);
		State sent = after(this.valid, Transitions::demanded, new Request(TEMPLATE),
				(next) -> next.created(request, reading(PAIR, request, DEADLINE)));
		State issued = Transitions.after(sent, (next) -> next.issued(answer, List.of(), written), NOW.plusSeconds(3),
				0);
		assertThat(issued.stored()).isSameAs(written);
		assertThat(issued.past().rotations().count()).isOne();
		assertThat(issued.past().rotations().waited()).isEqualTo(Duration.ofSeconds(3));
	}

	@Test
	void onlyARequestThatWasRemovedIsForgotten() {
		PendingRequest one = request(TEMPLATE, PAIR);
		PendingRequest other = request(TEMPLATE, PAIR);
		State leaving = after(this.valid, new Withdraw(one), new Withdraw(other));
		assertThat(after(leaving, (next) -> next.withdrawn(one, reading(PAIR, other, DEADLINE))).leaving())
			.containsExactly(new Leaving(other, true, Pause.NONE));
		assertThat(after(leaving, (next) -> next.withdrawn(one, reading(PAIR, one, DEADLINE))).leaving())
			.containsExactly(new Leaving(one, false, Pause.of(NOW, Duration.ofMinutes(1))),
					new Leaving(other, true, Pause.NONE));
	}

	@Test
	void templateThatThePairSatisfiesIsNotComparedAgain() {
		assertThat(this.valid.current().accepted()).isEqualTo(TEMPLATE);
		assertThat(after(this.valid, Transitions::demanded).current().accepted()).isEqualTo(TEMPLATE);
	}

	/** A caller is told of the rotation, and waits for less than anything else. */
	@Test
	void whatACallerRequestsIsTheReasonOfARotation() {
		State lacking = observe(this.valid, lacking(PAIR));
		assertThat(lacking.due().trigger()).isEqualTo(Trigger.DAMAGED);
		State requested = after(lacking, Transitions::demanded);
		assertThat(requested.due().trigger()).isEqualTo(Trigger.REQUESTED);
		assertThat(observe(requested, lacking(PAIR)).due().trigger()).isEqualTo(Trigger.REQUESTED);
	}

	/** Once for each object: it may change more often. */
	@ParameterizedTest
	@CsvSource({ "Issuer.cert-manager.io/ca, 2", "example.com/shop, 1" })
	void objectOfAnIssuerIsLookedAtBeforeAMissingApproverIsReported(String signer, int looks) {
		KeyPair key = key();
		PendingRequest request = new PendingRequest(
				CertificateRequests.create("shop", TEMPLATE, Signer.of(signer), List.of(), null, key), key.getPrivate(),
				null, PAIR.serialNumber());
		Event submitted = (next) -> next.submitted(object(request, NOW));
		State state = after(this.valid, Transitions::demanded, new Request(TEMPLATE),
				(next) -> next.created(request, reading(PAIR, request, DEADLINE)), submitted, submitted);
		assertThat(state.attempt()).isNotNull().satisfies((attempt) -> assertThat(attempt.looks()).hasSize(looks));
	}

	/** It was created between a second before and two seconds after, by its clock. */
	@ParameterizedTest
	@CsvSource({ "-60, 60", "0, 0", "1, 0", "62, -60" })
	void objectThatThisProcessHasCreatedShowsHowWrongTheClockIs(int createdAt, int ahead) {
		PendingRequest request = request(TEMPLATE, null);
		Pending seen = new Pending(request, Stage.OURS, null, NOW, null, null)
			.seen(object(request, NOW.plusSeconds(createdAt)), NOW.plusSeconds(2));
		assertThat(seen.ahead()).isEqualTo(Duration.ofSeconds(ahead));
	}

	@Test
	void pauseIsNotShortenedBelowASecondBeforeTheApplicationGivesUp() {
		Failures failed = new Failures(1, 0, Pause.of(NOW, Duration.ofSeconds(9)), Failures.Reason.OTHER);
		assertThat(failed.shortened(NOW.plusSeconds(2), NOW).pause()).isEqualTo(Pause.of(NOW, Duration.ofSeconds(1)));
		assertThat(failed.shortened(NOW.plusMillis(1999), NOW)).isEqualTo(failed);
	}

	/** Whoever stores requests without objects again and again causes no storm. */
	@ParameterizedTest
	@CsvSource({ "0, 15", "1, 30", "5, 480", "6, 900", "64, 900" })
	void eachRequestThatIsLostGivesTheNextMoreTime(int lost, int seconds) {
		Others others = Others.NONE.withLost(lost);
		assertThat(others.creating(this.valid.current(), NOW, 0).grace())
			.isEqualTo(Pause.of(NOW, Duration.ofSeconds(seconds)));
		assertThat(others.creating(shared(Reading.NOTHING).current(), NOW, 0.5).grace())
			.isEqualTo(Pause.of(NOW, Duration.ofSeconds(Math.min(seconds, 60) + 1)));
	}

	private static int repairs(State state, boolean pairChanges) {
		return new StoreView(state, NOW).repairTimes(state.stored().content().repairs(), pairChanges).size();
	}

	/** A replica has stored the pair, which is valid. */
	private static Reading lacking(CertificatePair pair) {
		return new Reading(new Stored(pair, null, DEADLINE, List.of(), null, new Findings("", "It lacks one", false)),
				null, null);
	}

	/** What another program has stored after a repair. */
	private static Reading repaired(CertificatePair pair) {
		return reading(new Stored(pair, null, null, null).withRepairs(List.of(NOW.minusMillis(1))), "backup");
	}

	private static State shared(Reading reading) {
		return Transitions.start(policy(true, false), reading, TEMPLATE, null, false, NOW, 0);
	}

	private static State observe(State state, Reading reading) {
		CertificateTemplate template = state.template();
		return after(state, (next) -> next.observed(reading, template, null, true));
	}

	private static State after(State state, Event... events) {
		State last = state;
		for (Event event : events) {
			last = Transitions.after(last, event, NOW, 0);
		}
		return last;
	}

	private static Decision decide(State state) {
		return Decisions.decide(state, NOW);
	}

}
