package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Decision.Abandon;
import io.kubelet.cert.rotation.core.Decision.Adopt;
import io.kubelet.cert.rotation.core.Decision.Evict;
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
import io.kubelet.cert.rotation.core.Pending.Leaving;
import io.kubelet.cert.rotation.core.Pending.Stage;
import org.jspecify.annotations.Nullable;

/**
 * Decides what to do next for a certificate, and what is known after an event. Both are
 * functions of their arguments alone. One process and replicas are decided for alike:
 * what differs is what the store says.
 */
public final class Decisions {

	/** A replica deletes its request at once when it has stored the pair, or it ended. */
	private static final Duration DELETED_BY_NOW = Duration.ofSeconds(30);

	/** How long a request for another signer is left alone while there is no pair. */
	private static final Duration LEFT_WITHOUT_PAIR = Duration.ofMinutes(1);

	private Decisions() {
	}

	/**
	 * Returns the state at the start.
	 * @param policy what does not change
	 * @param reading what is stored
	 * @param template the template, {@code null} while it is not known
	 * @param bootstrap the pair to use if no valid one is stored, {@code null} if there
	 * is none
	 * @param required whether the application does not start without the certificate
	 * @param now the current time
	 * @param random a random number in [0, 1)
	 * @return the state
	 */
	public static State start(Policy policy, Reading reading, @Nullable CertificateTemplate template,
			@Nullable CertificatePair bootstrap, boolean required, Instant now, double random) {
		PendingRequest pending = policy.off() ? null : policy.shared() ? reading.unanswered() : reading.pending();
		Stage stage = policy.shared() ? Stage.THEIRS : Stage.FOUND;
		NextState next = new NextState(
				new State(policy, template, null, reading, Repair.NONE,
						new Current(null, now, Instant.MIN, null, null, false), Due.NO, false,
						(pending != null) ? new Pending(pending, stage, null, null, null, null) : null, null, 0,
						List.of(), Others.NONE, Failures.none(required), Due.AtOnce.NO, Past.NOTHING, Notices.NONE),
				now, random);
		CertificatePair stored = (reading.issuerProblem() == null) ? reading.pair() : null;
		if (bootstrap == null || (stored != null && stored.isValid(now))) {
			next.hold(stored, reading.deadline());
		}
		else {
			next.hold(bootstrap, null);
			next.due = next.due.demanding(new Current(stored, now, now, null, null, false).invalidity(now));
		}
		next.store(reading);
		next.review();
		return next.state();
	}

	/**
	 * Returns what is known after an event.
	 * @param state what was known before
	 * @param event what has happened
	 * @param now the current time
	 * @param random a random number in [0, 1)
	 * @return the next state
	 */
	public static State after(State state, Event event, Instant now, double random) {
		NextState next = new NextState(state, now, random);
		event.apply(next);
		next.review();
		return next.state();
	}

	/**
	 * Returns what to do next: the first of these that applies.
	 * @param state what is known
	 * @param now the current time
	 * @return the decision
	 */
	public static Decision decide(State state, Instant now) {
		StoreView store = new StoreView(state, now);
		CertificatePair other = store.adoptable();
		if (other != null) {
			return new Adopt(other, store.differences(other));
		}
		CertificatePair pair = state.pair();
		if (pair != null && store.isToRestore() && repairPause(state, now).isOver(now)) {
			return new Restore(pair);
		}
		Decision decision = state.policy().off() ? null : forRequests(state, now);
		if (decision == null && !state.policy().off()) {
			decision = (state.attempt() != null) ? forAttempt(state, state.attempt(), now) : withoutAttempt(state, now);
		}
		if (decision != null) {
			return decision;
		}
		Notice notice = state.notices()
			.due(state.waitsForUid(), Boolean.TRUE.equals(state.past().serverHealthy()), state.overdueAt(), now);
		return (notice != null) ? new Report(notice) : new Wait(until(state, now));
	}

	private static Pause repairPause(State state, Instant now) {
		return state.repair().pause().isOver(now) ? state.repair().times(now).pause() : state.repair().pause();
	}

	/** What the store says about requests, and those that are over. */
	private static @Nullable Decision forRequests(State state, Instant now) {
		for (Leaving leaving : state.leaving()) {
			if (leaving.isDue(now)) {
				return new Withdraw(leaving.request());
			}
		}
		Pending pending = state.pending();
		PendingRequest left = answeredRequest(state, now);
		if (left != null) {
			return new Withdraw(left);
		}
		if (!state.policy().shared()) {
			return null;
		}
		if (state.attempt() == null && state.isAnswered()) {
			return new Forget();
		}
		PendingRequest stored = state.storedRequest();
		if (stored == null) {
			return (pending != null && !pending.request().isToReplace(state.stored().pair())) ? new Forget() : null;
		}
		if (pending == null || !pending.request().hasKey(stored.request().publicKey())) {
			return isForOtherSigner(state, stored) ? forOtherSigner(state, stored, now) : new Join(stored);
		}
		boolean lost = pending.stage() == Stage.LOST && state.deadline(now).isAfter(now);
		return (lost || isOfEarlierVersion(state, pending)) ? new Withdraw(pending.request()) : null;
	}

	private static boolean isForOtherSigner(State state, PendingRequest stored) {
		return !stored.request().signerName().equals(state.policy().asked().signerName());
	}

	private static @Nullable Decision forOtherSigner(State state, PendingRequest stored, Instant now) {
		CertificatePair pair = state.current().isValid(now) ? state.pair() : state.stored().pair();
		Leaving tolerated = state.others().tolerated();
		if (tolerated == null || !tolerated.isFor(stored)) {
			Duration left = (pair != null && pair.isValid(now)) ? Duration.between(now, pair.notAfter()).dividedBy(2)
					: LEFT_WITHOUT_PAIR;
			return new Tolerate(stored, Pause.of(now, Collections.min(List.of(state.policy().waitTimeout(), left))));
		}
		return tolerated.pause().isOver(now) ? new Evict(stored) : (state.pending() != null) ? new Forget() : null;
	}

	/**
	 * The request whose answer is in use. Of replicas, the one that stored the answer
	 * deletes the request, unless it has ended.
	 */
	private static @Nullable PendingRequest answeredRequest(State state, Instant now) {
		Pending pending = state.pending();
		if (state.attempt() != null) {
			return null;
		}
		if (!state.policy().shared()) {
			return (pending != null && state.isAnswered()) ? pending.request() : null;
		}
		PendingRequest stored = state.stored().pending();
		return (stored != null && state.stored().answeredBy(state.pair()) && !state.isLeaving(stored)
				&& !now.isBefore(state.current().since().plus(DELETED_BY_NOW))) ? stored : null;
	}

	/** Whether it was found at the start, and the replicas that want it have ended. */
	private static boolean isOfEarlierVersion(State state, Pending pending) {
		CertificateTemplate template = state.template();
		return pending.stage() == Stage.THEIRS && pending.sentAt() == null && !state.isJoined() && template != null
				&& !pending.isFor(template);
	}

	/** Whether an attempt goes on. */
	private static @Nullable Decision forAttempt(State state, Attempt attempt, Instant now) {
		Pending pending = Objects.requireNonNull(state.pending(), "An attempt has a request");
		CertificateTemplate template = state.template();
		CertificatePair pair = state.pair();
		if (template != null && !pending.isFor(template) && (state.due().begun() == Trigger.TEMPLATE || pair == null
				|| !pair.isValid(now) || !template.isSatisfiedBy(pair.leaf()))) {
			return new Abandon();
		}
		if (attempt.looks(now)) {
			return new Look(pending.request());
		}
		return !attempt.timedOut() ? null : new Fail(RequestException.unanswered(pending.request().request(),
				pending.object(), state.policy().waitTimeout()));
	}

	/** Whether an attempt begins. */
	private static @Nullable Decision withoutAttempt(State state, Instant now) {
		Pending pending = state.pending();
		CertificateTemplate template = state.template();
		if (!state.others().grace().isOver(now)) {
			return null;
		}
		boolean lost = pending != null && pending.stage() == Stage.LOST;
		if (state.policy().shared() && pending != null && !lost && !state.stored().holds(pending.request())) {
			return new Fail(RequestException.withdrawn(pending.request().request().name(),
					pending.request().request().signerName()));
		}
		boolean due = template != null && !state.deadline(now).isAfter(now)
				&& new StoreView(state, now).pause(template).isOver(now);
		if (template == null || !(due || state.isJoined())) {
			return null;
		}
		if (pending == null || lost
				|| !(template.equals(pending.yields()) || state.policy().asksFor(pending.request(), template))) {
			return new Request(template);
		}
		PendingRequest request = pending.request();
		CertificatePair pair = state.pair();
		if (state.isForThisPair(pending)) {
			return new Resume(request, template, false);
		}
		return new Resume(new PendingRequest(request.request(), request.privateKey(), state.policy().asked().key(),
				(pair != null) ? pair.serialNumber() : null), template, true);
	}

	private static Instant until(State state, Instant now) {
		Instant next = Instant.MAX;
		CertificateTemplate template = state.template();
		if (state.attempt() != null) {
			next = state.attempt().next();
		}
		else if (template != null && !state.policy().off()) {
			next = !state.others().grace().isOver(now) ? state.others().grace().end()
					: new StoreView(state, now).pause(template).earliest(state.deadline(now), now);
		}
		Instant notice = state.notices().next(state.overdueAt(), now);
		Instant deletion = state.leaving()
			.stream()
			.filter((leaving) -> !leaving.begun())
			.map((leaving) -> leaving.pause().end())
			.min(Instant::compareTo)
			.orElse(Instant.MAX);
		Instant repair = new StoreView(state, now).isToRepair() ? repairPause(state, now).end() : Instant.MAX;
		return Collections.min(List.of(next, notice, deletion, repair.isAfter(now) ? repair : Instant.MAX));
	}

}
