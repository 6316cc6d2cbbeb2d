package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Pending.Stage;
import io.kubelet.cert.rotation.core.StoreView.Content;
import org.jspecify.annotations.Nullable;

/**
 * What can happen to a certificate, and what is known of it afterwards.
 */
public final class Transitions extends NextState {

	private Transitions(State last, Instant now, double random) {
		super(last, now, random);
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
		PendingRequest found = policy.off() ? null : policy.shared() ? reading.unanswered() : reading.pending();
		Pending pending = (found != null)
				? new Pending(found, policy.shared() ? Stage.FOUND : Stage.RESUMED, null, null, null, null) : null;
		Transitions next = new Transitions(new State(policy, template, null, reading, Repair.NONE, null,
				new Current(null, now, Instant.MIN, null, null), DueRotation.NO, DueRotation.AtOnce.NO, false, pending,
				null, Trigger.FIRST, List.of(), Others.NONE, Failures.NONE, null, Pause.NONE, required, Instant.MAX,
				Past.NOTHING, Notices.NONE), now, random);
		CertificatePair stored = (reading.issuerProblem() == null) ? reading.pair() : null;
		if (bootstrap == null || (stored != null && stored.isValid(now))) {
			next.hold(stored, reading.deadline());
		}
		else {
			next.hold(bootstrap, null);
			next.due = next.due.demanding(Current.invalidity(stored, now));
		}
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
		Transitions next = new Transitions(state, now, random);
		event.apply(next);
		next.review();
		return next.state();
	}

	/**
	 * The store was read, as far as possible, and the template was asked for.
	 * @param reading what is stored
	 * @param template the template, {@code null} while it is not known
	 * @param waitingFor what has to become known before that, {@code null} if that is
	 * unknown
	 * @param requested whether a caller still waits for a rotation, if one did
	 */
	public void observed(Reading reading, @Nullable CertificateTemplate template, @Nullable String waitingFor,
			boolean requested) {
		this.requested = this.requested && requested;
		this.template = template;
		this.waitingFor = waitingFor;
		store(reading);
		if (reading.failure() == null) {
			compare(reading);
		}
		else if (reading.failure().kind() != Kind.UNAVAILABLE) {
			report(view().problem());
		}
	}

	/** The store could be read. */
	private void compare(Reading reading) {
		this.repair = this.repair.readmitting(reading, this.current.pair());
		StoreView view = view();
		if (!view.isToRestore()) {
			this.repair = this.repair.done();
		}
		report(view.problem());
		Content content = view.content();
		if (content == Content.OURS || content == Content.MISSING) {
			this.due = this.due.without(Trigger.DAMAGED);
			reviewAuthorities();
		}
		else if (content == Content.REFUSED && view.guardsStore()) {
			// To put ours in the place of that of a replica would have no end
			this.due = this.due.demanding(Trigger.DAMAGED);
		}
	}

	/** A caller requests a rotation, who knows more than those who asked for a pause. */
	public void demanded() {
		this.requested = true;
		this.failures = this.failures.withPause(Pause.NONE);
		this.settling = Pause.NONE;
	}

	/**
	 * The application waits for its first certificate.
	 * @param end when it gives up
	 */
	public void awaited(Instant end) {
		this.awaitedUntil = end;
		await();
	}

	/**
	 * A new request was stored, and is about to be sent.
	 * @param request the request
	 * @param reading what is stored now
	 */
	public void created(PendingRequest request, Reading reading) {
		// In files, what is stored may be the request of another process, which it has
		// sent
		PendingRequest replaced = this.policy.shared() ? this.stored.pending()
				: (this.pending != null) ? this.pending.request() : null;
		if (replaced != null) {
			leave(replaced, Pause.NONE);
		}
		store(reading);
		this.pending = new Pending(request, Stage.OURS, null, this.now, null, null);
		this.others = this.others.withConflicts(0);
	}

	/** A request could not be stored, since another replica has stored something. */
	public void conflicted() {
		this.attempt = null;
		this.others = this.others.withConflicts(this.others.conflicts() + 1).givingTime(this.now, this.random);
	}

	/**
	 * The object of the pending request was created or found, or has changed.
	 * @param object the object
	 */
	public void submitted(SubmittedRequest object) {
		this.past = this.past.seen(object.interruption().isEmpty());
		if (this.pending != null) {
			waitFor(this.pending.seen(object, this.now));
		}
	}

	/** The time that the attempt waits is over. */
	public void timedOut() {
		this.attempt = (this.attempt != null) ? this.attempt.over() : null;
	}

	/**
	 * A certificate was issued and checked, and its pair is stored.
	 * @param pair the pair
	 * @param additionalNames the names in the certificate that were not requested
	 * @param reading what is stored now
	 */
	public void issued(CertificatePair pair, List<String> additionalNames, Reading reading) {
		store(reading);
		CertificateTemplate asked = (this.attempt != null) ? this.lastTemplate : null;
		hold(pair, reading.deadline());
		if (this.pending != null) {
			PendingRequest request = this.pending.request();
			if (asked != null && !asked.equals(request.request().template()) && !asked.isSatisfiedBy(pair.leaf())) {
				this.current = this.current.yielding(asked, pair);
			}
			reviewDeadline(pair);
			answered(pair, additionalNames);
			leave(request, Pause.NONE);
		}
	}

	/** Another replica has stored an answer to the same request first. */
	public void overtaken() {
		this.attempt = null;
	}

	/**
	 * The pair in use is stored again.
	 * @param reading what is stored now
	 */
	public void restored(Reading reading) {
		store(reading);
		this.repair = this.repair.done();
		report(null);
	}

	/**
	 * The pair in use could not be stored again.
	 * @param problem what is wrong, {@code null} if another replica was faster
	 */
	public void notRestored(@Nullable String problem) {
		this.repair = this.repair.failed((problem != null) ? problem + StoreView.STAYS_IN_USE : null, this.now);
		if (problem != null) {
			report(null);
		}
	}

	/**
	 * A request was removed from the store, or could not be: it is removed again later.
	 * @param request the request
	 * @param reading what is stored now
	 */
	public void withdrawn(PendingRequest request, Reading reading) {
		store(reading);
		boolean failed = reading.holds(request);
		this.leaving = this.leaving.stream()
			.filter((leaving) -> failed || !leaving.isFor(request))
			.map((leaving) -> leaving.isFor(request) ? leaving.failed(this.now) : leaving)
			.toList();
	}

	/** Derives what follows from an event, whichever it was. */
	private void review() {
		boolean valid = this.current.isValid(this.now);
		this.notices = this.notices.reviewed(valid, this.now);
		this.required = this.required && !valid;
		if (this.policy.off()) {
			return;
		}
		if (this.requested) {
			this.due = this.due.demanding(Trigger.REQUESTED);
		}
		if (this.attempt == null && !this.policy.keepsValidPair() && state().isLeftOver()) {
			this.due = this.due.demanding(Trigger.RESUMED);
		}
		reviewDue();
		if (this.attempt == null && this.template != null && !this.template.equals(this.lastTemplate)) {
			this.failures = this.failures.forOtherTemplate();
		}
	}

	/** Whether a rotation is due, or not due any more, before the deadline. */
	private void reviewDue() {
		// That a request which was joined is over is a failure, and no end of failures
		boolean wasDue = this.due.since() != null && this.due.trigger() != Trigger.RESUMED;
		if (!this.current.isValid(this.now)) {
			this.due = this.due.since(this.now, Current.invalidity(this.current.pair(), this.now));
		}
		else if (this.due.demanded() != null) {
			this.due = this.due.since(this.now, this.due.demanded());
		}
		else if (this.template != null && !this.policy.keepsValidPair() && !this.current.accepts(this.template)) {
			this.due = this.due.since(this.now, Trigger.TEMPLATE);
		}
		else {
			this.current = (this.template != null) ? this.current.accepting(this.template) : this.current;
			this.due = this.due.atDeadline();
			if (wasDue && state().deadline(this.now).isAfter(this.now)) {
				this.failures = this.failures.endRow();
				this.past = this.past.recovered();
				this.pending = (this.attempt == null && this.pending != null)
						? this.pending.with(this.pending.stage(), null) : this.pending;
			}
		}
	}

	/** Something that has happened to a certificate. */
	public interface Event {

		/** Changes what is known. */
		void apply(Transitions next);

	}

}
