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
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Decision.Adopt;
import io.kubelet.cert.rotation.core.Decision.Forget;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Restore;
import io.kubelet.cert.rotation.core.Decision.Tolerate;
import io.kubelet.cert.rotation.core.Decision.Wait;
import io.kubelet.cert.rotation.core.Transitions.Event;
import io.kubelet.cert.store.StoreException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is known after an event, and what follows from it.
 *
 * @see Transitions
 * @see NextState
 * @see StoreView
 * @see Notices
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
		assertThat(decide(observe(this.valid, reading(EXPIRED, null, DEADLINE)))).isEqualTo(new Wait(DEADLINE));
		assertThat(decide(observe(this.valid, reading(EXPIRED, null, null)))).isEqualTo(new Restore(PAIR));
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
		State state = observe(this.valid,
				new Reading(pair, null, DEADLINE, List.of(), null, "", null, "It lacks one", false, false, null));
		if (adopted) {
			state = after(state, new Adopt(NEXT, List.of()));
		}
		assertThat(state.storeProblem()).isEqualTo("It lacks one");
		assertThat(state.due().trigger()).isEqualTo(Trigger.DAMAGED);
		assertThat(decide(state)).isEqualTo(new Request(TEMPLATE));
	}

	@Test
	void problemOfTheStoreEndsWithTheNextPair() {
		State refused = observe(this.valid, new Reading(NEXT, null, DEADLINE, List.of(), null, "",
				"It is of a stranger", null, false, false, null));
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
		State refused = shared(
				new Reading(NEXT, other, DEADLINE, List.of(), null, "", "stranger", null, false, false, null));
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
		assertThat(repairs(observe(this.valid,
				new Reading(PAIR, null, DEADLINE, List.of(), null, "", null, "It lacks one", false, false, null)),
				true))
			.isEqualTo(1);
	}

	/** It changes nothing but that it cannot be read now. */
	@Test
	void storeThatIsOutOfReachReportsNothing() {
		State state = observe(this.valid,
				this.valid.stored().failed(new StoreException(Kind.UNAVAILABLE, "It is away", null)));
		assertThat(state.storeProblem()).isNull();
		assertThat(decide(state)).isEqualTo(new Wait(DEADLINE));
	}

	private static int repairs(State state, boolean pairChanges) {
		return new StoreView(state, NOW).repairs(state.stored().repairs(), pairChanges).size();
	}

	/** What another program has stored after a repair. */
	private static Reading repaired(CertificatePair pair) {
		return new Reading(pair, null, null, List.of(NOW.minusMillis(1)), null, "backup", null, null, false, false,
				null);
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
