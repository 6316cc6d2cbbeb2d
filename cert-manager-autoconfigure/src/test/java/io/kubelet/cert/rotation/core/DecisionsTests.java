package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.core.Decision.Abandon;
import io.kubelet.cert.rotation.core.Decision.Adopt;
import io.kubelet.cert.rotation.core.Decision.Fail;
import io.kubelet.cert.rotation.core.Decision.Forget;
import io.kubelet.cert.rotation.core.Decision.Join;
import io.kubelet.cert.rotation.core.Decision.Look;
import io.kubelet.cert.rotation.core.Decision.Report;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Restore;
import io.kubelet.cert.rotation.core.Decision.Resume;
import io.kubelet.cert.rotation.core.Decision.Tolerate;
import io.kubelet.cert.rotation.core.Decision.Wait;
import io.kubelet.cert.rotation.core.Decision.Withdraw;
import io.kubelet.cert.rotation.core.Notices.Notice;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * A table of states and what is decided in each.
 *
 * @see Decisions
 * @see Decision
 * @see State
 * @see StoreView
 * @see Reading
 */
class DecisionsTests extends CoreFixture {

	private static final DecisionsTests make = new DecisionsTests();

	/** Lives from an hour ago to the 99th hour. Its deadline is in the 69th. */
	private static final CertificatePair PAIR = make.pair(TEMPLATE, NOW.minus(Duration.ofHours(1)), 100);

	private static final CertificatePair NEXT = make.pair(TEMPLATE, NOW, 200);

	private static final CertificatePair FOREIGN = make.pair(OTHER, NOW, 200);

	private static final CertificatePair EXPIRED = make.pair(TEMPLATE, NOW.minus(Duration.ofHours(2)), 1);

	private static final PendingRequest REQUEST = make.request(TEMPLATE, PAIR);

	private static final PendingRequest FIRST_REQUEST = make.request(TEMPLATE, null);

	private static final PendingRequest OTHER_REQUEST = make.request(OTHER, PAIR);

	private static final PendingRequest FOR_OTHER = forSigner(make.request(TEMPLATE, PAIR), "example.com/other");

	private static final CertificatePair ANSWER = answer(REQUEST, NOW, 200);

	private static final Instant DUE = NOW.plus(Duration.ofHours(69));

	/** A watch may be open and bring nothing. */
	private static final Instant LOOK = NOW.plus(WAIT).minusSeconds(10);

	/** Without a valid pair, it is looked at once a minute. */
	private static final Instant SOON = NOW.plusSeconds(60);

	private static final Instant DEADLINE = NOW.plus(Duration.ofHours(50));

	@ParameterizedTest(name = "{0}")
	@MethodSource({ "ofOneProcess", "ofAttempts", "ofReplicas", "ofRepairs" })
	void stateLeadsToADecision(String name, State state, Instant now, Decision expected) {
		Decision decision = Decisions.decide(state, now);
		if (expected instanceof Fail failure) {
			assertThat(decision).isInstanceOfSatisfying(Fail.class,
					(fail) -> assertThat(fail.cause()).hasMessage(failure.cause().getMessage()));
		}
		else {
			assertThat(decision).isEqualTo(expected);
		}
	}

	static Stream<Arguments> ofOneProcess() {
		State valid = files(reading(PAIR, null, null), TEMPLATE);
		State first = files(Reading.NOTHING, TEMPLATE);
		State denied = after(
				after(first, NOW, new Request(TEMPLATE), (next) -> next.created(FIRST_REQUEST, Reading.NOTHING)), NOW,
				new Fail(denied()), new Withdraw(FIRST_REQUEST));
		return Stream.of(arguments("there is no pair", first, NOW, new Request(TEMPLATE)),
				arguments("the template is not known", files(Reading.NOTHING, null), NOW, new Wait(Instant.MAX)),
				arguments("the pair is valid", valid, NOW, new Wait(DUE)),
				arguments("the deadline has come", valid, DUE, new Request(TEMPLATE)),
				arguments("the pair does not satisfy the template", files(reading(FOREIGN, null, null), TEMPLATE), NOW,
						new Request(TEMPLATE)),
				arguments("a caller requests a rotation", after(valid, NOW, Transitions::demanded), NOW,
						new Request(TEMPLATE)),
				arguments("another program stores a pair", observe(valid, reading(NEXT, null, null)), NOW,
						new Adopt(NEXT, List.of())),
				arguments("another program stores a pair of another name", observe(valid, reading(FOREIGN, null, null)),
						NOW, new Wait(DUE)),
				arguments("an earlier process has left a request for this pair",
						files(reading(PAIR, REQUEST, null), TEMPLATE), NOW, new Resume(TEMPLATE)),
				arguments("an earlier process has left a request for another pair",
						files(reading(NEXT, REQUEST, null), TEMPLATE), NOW.plus(Duration.ofHours(139)),
						new Wait(NOW.plus(Duration.ofHours(140)))),
				arguments("an earlier process has left a request for another signer",
						files(reading(PAIR, FOR_OTHER, null), TEMPLATE), NOW, new Request(TEMPLATE)),
				arguments("an earlier process has left a request that is answered",
						files(reading(ANSWER, REQUEST, null), TEMPLATE), NOW, new Withdraw(REQUEST)),
				arguments("a request was denied", denied, NOW.plusSeconds(59), new Wait(NOW.plusSeconds(60))),
				arguments("the pause after a denial is over", denied, NOW.plusSeconds(60), new Request(TEMPLATE)),
				arguments("another template is wanted in the pause after a denial",
						after(denied, NOW, (next) -> next.observed(Reading.NOTHING, OTHER, null, true)),
						NOW.plusSeconds(1), new Request(OTHER)),
				arguments("the pair has expired and rotation is off", off(reading(EXPIRED, null, null)), NOW,
						new Report(Notice.EXPIRED)),
				arguments("rotation is off", off(reading(PAIR, REQUEST, null)), NOW,
						new Wait(NOW.plus(Duration.ofHours(98)).plusMillis(1))));
	}

	static Stream<Arguments> ofAttempts() {
		State first = after(files(Reading.NOTHING, TEMPLATE), NOW, new Request(TEMPLATE),
				(next) -> next.created(FIRST_REQUEST, reading(null, FIRST_REQUEST, null)));
		CertificateTemplate both = CertificateTemplate.ofSubject("shop", "a", "b");
		CertificatePair pair = make.pair(both, NOW.minus(Duration.ofHours(1)), 100);
		PendingRequest request = make.request(both, pair);
		State due = after(files(reading(pair, null, null), both), DUE, new Request(both),
				(next) -> next.created(request, reading(pair, request, null)));
		State unreachable = after(first, NOW,
				new Fail(RequestException.unavailable("Down", "It is down", Duration.ofMinutes(3), null)));
		return Stream.of(
				arguments("an answer is waited for, with a valid pair", due, DUE,
						new Wait(DUE.plus(WAIT).minusSeconds(10))),
				arguments("the wait is nearly over", due, DUE.plus(WAIT).minusSeconds(10), new Look(request)),
				arguments("an answer is waited for, without a pair", first, NOW, new Wait(SOON)),
				arguments("that has lasted for a minute", first, SOON, new Look(FIRST_REQUEST)),
				arguments("the clock is set back", first, NOW.minusSeconds(1), new Look(FIRST_REQUEST)),
				arguments("the clock is set forward", after(first, LOOK, new Look(FIRST_REQUEST)),
						NOW.plus(Duration.ofDays(9)), new Look(FIRST_REQUEST)),
				arguments("the wait is over", after(first, LOOK, Transitions::timedOut, new Look(FIRST_REQUEST)), LOOK,
						new Fail(RequestException.unanswered(FIRST_REQUEST.request(), null, WAIT))),
				arguments("another template is wanted",
						after(first, NOW, (next) -> next.observed(first.stored(), OTHER, null, true)), NOW,
						new Abandon()),
				arguments("another template is wanted, which the pair satisfies as well", after(due, DUE,
						(next) -> next.observed(due.stored(), CertificateTemplate.ofSubject("shop", "a"), null, true)),
						DUE, new Wait(DUE.plus(WAIT).minusSeconds(10))),
				arguments("the template is not known any more",
						after(first, NOW, (next) -> next.observed(first.stored(), null, null, true)), NOW,
						new Wait(SOON)),
				arguments("the server asks for a pause", unreachable, NOW.plusSeconds(59),
						new Wait(NOW.plusSeconds(60))),
				arguments("that pause, of a minute at most, is over", unreachable, NOW.plusSeconds(60),
						new Resume(TEMPLATE)));
	}

	static Stream<Arguments> ofReplicas() {
		State valid = shared(reading(PAIR, null, DEADLINE));
		State joined = after(observe(valid, reading(PAIR, REQUEST, DEADLINE)), NOW, new Join(REQUEST));
		State ours = after(after(valid, NOW, Transitions::demanded), NOW, new Request(TEMPLATE),
				(next) -> next.created(REQUEST, reading(PAIR, REQUEST, DEADLINE)));
		Instant later = NOW.plusSeconds(1);
		State tolerating = after(observe(valid, reading(PAIR, FOR_OTHER, DEADLINE)), NOW,
				new Tolerate(FOR_OTHER, Pause.of(NOW, WAIT)));
		State lost = after(after(joined, later, new Resume(TEMPLATE)), later, new Fail(lost()));
		PendingRequest second = make.request(TEMPLATE, PAIR);
		State replaced = after(joined, NOW, new Request(TEMPLATE),
				(next) -> next.created(second, reading(PAIR, second, DEADLINE)), new Withdraw(REQUEST));
		State gone = after(after(joined, later, new Resume(TEMPLATE)), NOW.plusSeconds(20),
				(next) -> next.submitted(object(REQUEST, later)), new Fail(lost()));
		return Stream.of(
				arguments("another replica has stored a request", observe(valid, reading(PAIR, REQUEST, DEADLINE)), NOW,
						new Join(REQUEST)),
				arguments("it may be about to send it", joined, NOW, new Wait(later)),
				arguments("it has had a second for that", joined, later, new Resume(TEMPLATE)),
				arguments("the object is not found", lost, later, new Wait(NOW.plusSeconds(16))),
				arguments("the object is looked for again", lost, NOW.plusSeconds(16), new Resume(TEMPLATE)),
				arguments("there is no object, and no rotation is due", lostAgain(lost, 16), NOW.plusSeconds(16),
						new Withdraw(REQUEST)),
				arguments("there is no object, and a rotation is due",
						after(lostAgain(lost, 16), NOW.plusSeconds(16), Transitions::demanded), NOW.plusSeconds(16),
						new Request(TEMPLATE)),
				arguments("an object is not found any more", gone, NOW.plusSeconds(20), new Wait(NOW.plusSeconds(21))),
				arguments("another request has taken the place of ours",
						observe(ours, reading(PAIR, OTHER_REQUEST, DEADLINE)), NOW, new Join(OTHER_REQUEST)),
				arguments("our request is gone from the store", observe(ours, reading(PAIR, null, DEADLINE)), NOW,
						new Wait(LOOK)),
				arguments("our request and its pair are gone",
						after(observe(ours, reading(NEXT, null, DEADLINE)), NOW, new Adopt(NEXT, List.of())), NOW,
						new Forget()),
				arguments("another replica has stored the answer", observe(ours, reading(ANSWER, REQUEST, DEADLINE)),
						NOW, new Adopt(ANSWER, List.of())),
				arguments("a request of another version is found at the start",
						shared(reading(PAIR, OTHER_REQUEST, DEADLINE)), NOW, new Wait(DEADLINE)),
				arguments("a request for another signer is found at the start",
						shared(reading(PAIR, FOR_OTHER, DEADLINE)), NOW, new Wait(DEADLINE)),
				arguments("a request for another signer is found", observe(valid, reading(PAIR, FOR_OTHER, DEADLINE)),
						NOW, new Tolerate(FOR_OTHER, Pause.of(NOW, WAIT))),
				arguments("it takes the place of ours", observe(ours, reading(PAIR, FOR_OTHER, DEADLINE)), NOW,
						new Withdraw(REQUEST)),
				arguments("it takes the place of another request again",
						observe(after(observe(tolerating, reading(PAIR, REQUEST, DEADLINE)), NOW, new Join(REQUEST)),
								reading(PAIR, FOR_OTHER, DEADLINE)),
						NOW, new Withdraw(REQUEST)),
				arguments("a request that is about to be deleted takes the place of the next one",
						observe(replaced, reading(PAIR, REQUEST, DEADLINE)), NOW, new Wait(LOOK)),
				arguments("replicas with another signer have had time for it", tolerating, NOW.plus(WAIT),
						new Withdraw(FOR_OTHER)),
				arguments("an answered request is found", shared(reading(ANSWER, REQUEST, DEADLINE)),
						NOW.plusSeconds(30), new Withdraw(REQUEST)),
				arguments("a replica with another template has stored a pair",
						observe(valid, reading(FOREIGN, null, DEADLINE)), NOW,
						new Adopt(FOREIGN, TEMPLATE.differences(FOREIGN.leaf()))));
	}

	private static State lostAgain(State lost, int seconds) {
		return after(lost, NOW.plusSeconds(seconds), new Resume(TEMPLATE), new Fail(lost()));
	}

	static Stream<Arguments> ofRepairs() {
		State valid = shared(reading(PAIR, null, DEADLINE));
		State removed = observe(valid, Reading.NOTHING);
		State damaged = after(valid, NOW, (next) -> next
			.observed(valid.stored().failed(new StoreException("It is damaged", null)), TEMPLATE, null, true));
		State unreachable = after(removed, NOW,
				(next) -> next.observed(
						removed.stored().failed(new StoreException(Kind.UNAVAILABLE, "It is away", null)), TEMPLATE,
						null, true));
		Reading repaired = reading(new Stored(FOREIGN, null, null, null).withRepairs(List.of(NOW)), "backup");
		Reading withoutAuthority = new Reading(
				new Stored(PAIR, null, DEADLINE, List.of(), null, new Findings("", null, true)), null, null);
		return Stream.of(arguments("the pair was removed", removed, NOW, new Restore(PAIR)),
				arguments("the pair is damaged", damaged, NOW, new Restore(PAIR)),
				arguments("its authority was removed", observe(valid, withoutAuthority), NOW, new Restore(PAIR)),
				arguments("no replica has stored the pair", observe(valid, reading(FOREIGN, null, null)), NOW,
						new Restore(PAIR)),
				arguments("another program puts back its pair", observe(valid, repaired), NOW,
						new Wait(NOW.plusSeconds(60))),
				arguments("the pair could not be stored again", after(removed, NOW, (next) -> next.notRestored("no")),
						NOW, new Wait(NOW.plusSeconds(60))),
				arguments("another replica was faster", after(removed, NOW, (next) -> next.notRestored(null)),
						NOW.plusSeconds(1), new Restore(PAIR)),
				arguments("the store cannot be reached", unreachable, NOW, new Wait(DEADLINE)));
	}

	@Test
	void stateIsEqualToTheOneAfterTheSameEvents() {
		State one = after(shared(reading(PAIR, null, DEADLINE)), NOW, Transitions::demanded, new Request(TEMPLATE));
		State other = after(shared(reading(PAIR, null, DEADLINE)), NOW, Transitions::demanded, new Request(TEMPLATE));
		assertThat(one).isEqualTo(other);
	}

	private static State files(Reading reading, @Nullable CertificateTemplate template) {
		return Transitions.start(policy(false, false), reading, template, null, false, NOW, 0);
	}

	private static State off(Reading reading) {
		return Transitions.start(policy(false, true), reading, TEMPLATE, null, false, NOW, 0);
	}

	private static State shared(Reading reading) {
		return Transitions.start(policy(true, false), reading, TEMPLATE, null, false, NOW, 0);
	}

	private static State observe(State state, Reading reading) {
		return after(state, NOW, (next) -> next.observed(reading, state.template(), null, true));
	}

	private static State after(State state, Instant now, Transitions.Event... events) {
		State last = state;
		for (Transitions.Event event : events) {
			last = Transitions.after(last, event, now, 0);
		}
		return last;
	}

	private static PendingRequest forSigner(PendingRequest request, String signer) {
		CertificateRequest original = request.request();
		return request.with(new CertificateRequest(original.name(), null, null, original.template(), Signer.of(signer),
				original.usages(), null, original.pkcs10(), original.publicKey()));
	}

	private static RequestException denied() {
		return RequestException.denied("shop-1", Signer.of("example.com/shop"), "No", "no");
	}

	private static RequestException lost() {
		return RequestException.lost("Gone", "It does not exist");
	}

}
