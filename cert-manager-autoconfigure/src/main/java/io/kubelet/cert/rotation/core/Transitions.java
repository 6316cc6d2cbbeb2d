package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Pending.Stage;
import org.jspecify.annotations.Nullable;

/**
 * Returns what is known of a certificate at the start, and after each event. The order of
 * events makes no difference to what follows from them.
 */
public final class Transitions {

	private Transitions() {
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
		Stage stage = policy.shared() ? Stage.FOUND : Stage.RESUMED;
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
		review(next);
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
		review(next);
		return next.state();
	}

	/** Derives what follows from an event, whichever it was. */
	private static void review(NextState next) {
		next.notices = next.notices.reviewed(next.current.pair(), next.now);
		if (next.current.isValid(next.now)) {
			next.failures = next.failures.found();
		}
		if (next.policy.off()) {
			return;
		}
		if (next.requested) {
			next.due = next.due.demanding(Trigger.REQUESTED);
		}
		if (next.attempt == null && !next.policy.keepsValidPair() && next.state().isLeftOver()) {
			next.due = next.due.demanding(Trigger.RESUMED);
		}
		reviewDue(next);
		if (next.attempt == null && next.template != null) {
			next.failures = next.failures.wanting(next.template);
		}
		if (next.attempt != null && next.pending != null && next.pending.request().request().uid() != null) {
			Notices before = next.notices;
			next.notices = before.waitingFor(next.pending.request().request(), next.current.pair(), next.now);
			Instant unattendedAt = (next.notices.waiting() != null) ? next.notices.waiting().unattendedAt() : null;
			if (next.notices != before && unattendedAt != null) {
				next.attempt = next.attempt.lookingBefore(unattendedAt, next.now);
			}
		}
		next.notices = next.notices.seen((next.pending != null) ? next.pending.object() : null);
	}

	/** Whether a rotation is due, or not due any more, before the deadline. */
	private static void reviewDue(NextState next) {
		// That a request which was joined is over is a failure, and no end of failures
		boolean wasDue = next.due.since() != null && next.due.trigger() != Trigger.RESUMED;
		if (!next.current.isValid(next.now)) {
			next.due = next.due.since(next.now, next.current.invalidity(next.now));
		}
		else if (next.due.demanded() != null) {
			next.due = next.due.since(next.now, next.due.demanded());
		}
		else if (next.template != null && !next.policy.keepsValidPair() && !next.current.accepts(next.template)) {
			next.due = next.due.since(next.now, Trigger.TEMPLATE);
		}
		else {
			next.current = (next.template != null) ? next.current.accepting(next.template) : next.current;
			next.due = next.due.atDeadline();
			if (wasDue && next.state().deadline(next.now).isAfter(next.now)) {
				recovered(next);
			}
		}
	}

	private static void recovered(NextState next) {
		next.failures = next.failures.endRow();
		next.past = next.past.recovered();
		if (next.attempt == null && next.pending != null) {
			next.pending = next.pending.withoutObject();
		}
	}

}
