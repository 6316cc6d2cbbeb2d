package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Failures.Reason;
import io.kubelet.cert.rotation.core.Pending.Leaving;
import io.kubelet.cert.rotation.core.Pending.Stage;
import org.jspecify.annotations.Nullable;

/**
 * The next state while an event makes it from the last one. What changes together for
 * several events is changed by one method here; what one event alone changes is at the
 * event.
 */
abstract class NextState {

	/** A signer may never end a deletion. What it still deletes is not awaited then. */
	private static final int MOST_LEAVING = 8;

	final Instant now;

	final double random;

	final Policy policy;

	@Nullable CertificateTemplate template;

	@Nullable String waitingFor;

	Reading stored;

	Repair repair;

	@Nullable String storeProblem;

	Current current;

	DueRotation due;

	private DueRotation.AtOnce dueAtOnce;

	boolean requested;

	@Nullable Pending pending;

	@Nullable Attempt attempt;

	private Trigger lastTrigger;

	List<Leaving> leaving;

	Others others;

	Failures failures;

	@Nullable CertificateTemplate lastTemplate;

	Pause settling;

	boolean required;

	Instant awaitedUntil;

	Past past;

	Notices notices;

	NextState(State last, Instant now, double random) {
		this.now = now;
		this.random = random;
		this.policy = last.policy();
		this.template = last.template();
		this.waitingFor = last.waitingFor();
		this.stored = last.stored();
		this.repair = last.repair();
		this.storeProblem = last.storeProblem();
		this.current = last.current();
		this.due = last.due();
		this.dueAtOnce = last.dueAtOnce();
		this.requested = last.requested();
		this.pending = last.pending();
		this.attempt = last.attempt();
		this.lastTrigger = last.lastTrigger();
		this.leaving = last.leaving();
		this.others = last.others();
		this.failures = last.failures();
		this.lastTemplate = last.lastTemplate();
		this.settling = last.settling();
		this.required = last.required();
		this.awaitedUntil = last.awaitedUntil();
		this.past = last.past();
		this.notices = last.notices();
	}

	State state() {
		return new State(this.policy, this.template, this.waitingFor, this.stored, this.repair, this.storeProblem,
				this.current, this.due, this.dueAtOnce, this.requested, this.pending, this.attempt, this.lastTrigger,
				this.leaving, this.others, this.failures, this.lastTemplate, this.settling, this.required,
				this.awaitedUntil, this.past, this.notices);
	}

	StoreView view() {
		return new StoreView(state(), this.now);
	}

	/** Something was read or written. */
	void store(Reading reading) {
		this.stored = reading;
		this.repair = this.repair.and(reading.content().repairs(), this.now);
	}

	/**
	 * That others are stored with the same pair is no rotation, unless they are missing.
	 */
	void reviewAuthorities() {
		CertificatePair stored = this.stored.pair();
		CertificatePair pair = this.current.pair();
		if (stored != null && pair != null && stored.equals(pair) && !stored.isIdenticalTo(pair)) {
			this.current = this.current.with(stored);
		}
		if (this.stored.findings().deficiency() != null) {
			this.due = this.due.demanding(Trigger.DAMAGED);
		}
	}

	/** Notes what is wrong with the stored pair. */
	void report(@Nullable String problem) {
		this.storeProblem = this.repair.problem(problem, this.stored.findings().otherWriter(), this.policy.store(),
				this.now);
	}

	/** Uses a pair, which is stored, or is about to be. */
	void hold(@Nullable CertificatePair pair, @Nullable Instant deadline) {
		if (this.current.pair() != null && deadline != null) {
			this.repair = this.repair.replaced(this.current.pair());
		}
		this.repair = this.repair.done();
		report(null);
		this.due = DueRotation.NO;
		this.current = new Current(pair, this.now,
				(pair != null) ? this.policy.deadline(pair, deadline, this.random) : Instant.MIN, deadline, null);
		this.notices = this.notices.ofPair(pair, this.now);
	}

	/** Uses the pair that another program has stored. */
	void adopt(CertificatePair pair, boolean differs) {
		if (view().isForeign()) {
			this.repair = this.repair.adopted(this.now);
		}
		CertificatePair before = this.current.pair();
		hold(pair, this.stored.deadline());
		report(view().problem());
		if (differs && this.template != null) {
			this.current = this.current.yielding(this.template, pair);
		}
		reviewAuthorities();
		reviewDeadline(pair);
		if (state().isAnswered()) {
			answered(pair, List.of());
			return;
		}
		this.failures = this.failures.endRow();
		this.past = this.past.adopted(before, pair, this.now);
	}

	/** The pair in use answers the pending request. */
	void answered(CertificatePair pair, List<String> additionalNames) {
		this.attempt = null;
		this.others = this.others.withLost(0);
		this.requested = false;
		this.past = this.past.rotated(outcome(pair.serialNumber(), additionalNames, null));
		// If a rotation is due again, it begins no earlier than after failures
		int times = this.dueAtOnce.times();
		this.failures = new Failures(0, 0,
				(times == 0) ? Pause.NONE : Pause.of(this.now, this.policy.retry().growing(times)), Reason.OTHER);
	}

	private Outcome outcome(@Nullable String serialNumber, List<String> additionalNames, @Nullable Failure failure) {
		SubmittedRequest object = (this.pending != null) ? this.pending.object() : null;
		return new Outcome(this.now, this.lastTrigger, serialNumber, (object != null) ? object.name() : null,
				(this.pending != null) ? this.pending.waited(this.now) : Duration.ZERO, additionalNames, failure);
	}

	/** A pair has come. To rotate it at once could have no end. */
	void reviewDeadline(CertificatePair pair) {
		Duration ahead = (this.pending != null && state().isAnswered()) ? this.pending.ahead() : null;
		boolean due = !this.policy.keepsValidPair() && !this.current.deadline().isAfter(this.now);
		this.dueAtOnce = due ? this.dueAtOnce.again(pair, ahead, this.policy.retry(), this.now, this.random)
				: DueRotation.AtOnce.NO;
	}

	/** An attempt begins. */
	void begin(CertificateTemplate template) {
		requesting(template, this.due.trigger());
		this.others = this.others.over();
		this.attempt = Attempt.begin(this.current, this.now.plus(this.policy.waitTimeout()), this.now);
		await();
	}

	private void requesting(@Nullable CertificateTemplate template, Trigger trigger) {
		if (template != null && this.lastTemplate != null && !this.lastTemplate.equals(template)) {
			this.settling = Pause.of(this.now, this.policy.retry().interval());
		}
		this.lastTemplate = (template != null) ? template : this.lastTemplate;
		this.lastTrigger = trigger;
	}

	/** An attempt waits for an object, whose approver may be missing. */
	void waitFor(Pending pending) {
		this.pending = pending;
		Notices before = this.notices;
		this.notices = before.waitingFor(pending.request().request(), this.current.pair(), this.now);
		if (this.attempt != null && this.notices != before && pending.hasIssuer()) {
			this.attempt = this.attempt.lookingBefore(this.now.plus(DueNotices.UNATTENDED_AFTER), this.now);
		}
	}

	/** The application waits for its first certificate, or will. */
	void await() {
		this.failures = this.required ? this.failures.shortened(this.awaitedUntil, this.now) : this.failures;
		if (this.attempt != null && !this.awaitedUntil.equals(Instant.MAX) && this.awaitedUntil.isAfter(this.now)) {
			this.attempt = this.attempt.lookingBefore(this.awaitedUntil, this.now);
		}
	}

	/** The request of another replica takes the place of ours, and ends our attempt. */
	void join(PendingRequest request) {
		this.attempt = null;
		boolean missed = this.pending != null && this.pending.stage() == Stage.MISSED;
		this.others = this.others.withLost(this.others.lost() + (missed ? 1 : 0)).givingTime(this.now, this.random);
		this.pending = new Pending(request, Stage.THEIRS, null, null, this.template, null);
		requesting(this.template, Trigger.RESUMED);
	}

	/** A request is to be deleted after a pause. */
	void leave(PendingRequest request, Pause pause) {
		if (this.pending != null && this.pending.request().hasKey(request.request().publicKey())) {
			this.pending = null;
		}
		if (!state().isLeaving(request)) {
			this.leaving = Stream.concat(this.leaving.stream(), Stream.of(new Leaving(request, false, pause)))
				.skip((this.leaving.size() < MOST_LEAVING) ? 0 : 1)
				.toList();
		}
	}

	/** An attempt has failed, or finds that it has to look once more. */
	void fail(Throwable problem) {
		Pending pending = this.pending;
		// Within a pause, only the request of another replica leads to an attempt
		boolean attempted = this.attempt != null && this.failures.pause().isOver(this.now);
		this.attempt = null;
		boolean lost = this.policy.shared() && Kind.of(problem) == Kind.LOST;
		if (lost && pending != null && pending.isToBeMissed()) {
			this.others = (pending.stage() == Stage.SEEN) ? this.others.givingTime(this.now, this.random)
					: this.others.creating(this.current, this.now, this.random);
			this.pending = pending.with(Stage.MISSED, pending.object());
			return;
		}
		this.others = this.others.withConflicts(0);
		failed(problem, attempted);
		if (lost && pending != null && pending.stage() == Stage.MISSED) {
			this.pending = pending.with(Stage.LOST, null);
			this.others = this.others.withLost(this.others.lost() + 1);
		}
		else if (pending != null && pending.isEndedBy(problem)) {
			leave(pending.request(), Pause.NONE);
		}
		if (this.policy.shared() && (this.pending == null || this.pending.stage() == Stage.LOST)) {
			this.due = this.due.without(Trigger.RESUMED);
		}
	}

	private void failed(Throwable problem, boolean attempted) {
		Throwable cause = Failures.answerBehind(problem);
		this.failures = this.failures.add(cause, attempted, this.policy.retry(), this.current.left(this.now), this.now,
				this.random);
		this.failures = this.required ? this.failures.shortened(this.awaitedUntil, this.now) : this.failures;
		Failure failure = this.failures.describe(problem, this.now);
		this.past = this.past.failed(failure, outcome(null, List.of(), failure),
				(cause instanceof RequestException request) ? request.serverHealthy() : null);
		this.requested = false;
	}

}
