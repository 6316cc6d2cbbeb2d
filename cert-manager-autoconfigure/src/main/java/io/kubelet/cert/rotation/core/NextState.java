package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
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
 * The next state while an event makes it from the last one: the only place where what is
 * known can be changed, and never seen from outside. What changes together is changed by
 * one method.
 */
abstract class NextState {

	/** A signer may never end a deletion. What it still deletes is not awaited then. */
	private static final int MOST_LEAVING = 8;

	/** What another replica has begun is given this time, and a part of the spread. */
	static final Duration GRACE = Duration.ofSeconds(1);

	private static final Duration SPREAD = Duration.ofSeconds(2);

	/** An API server that is busy delays the creation of an object. */
	private static final Duration CREATED_BY_NOW = Duration.ofSeconds(15);

	private static final Duration LONGEST = Duration.ofMinutes(15);

	private static final Duration LONGEST_WITHOUT_PAIR = Duration.ofMinutes(1);

	final Instant now;

	final double random;

	final Policy policy;

	@Nullable CertificateTemplate template;

	@Nullable String waitingFor;

	Reading stored;

	boolean uncopied;

	Repair repair;

	@Nullable String storeProblem;

	Current current;

	RotationDeadline due;

	private RotationDeadline.AtOnce dueAtOnce;

	boolean requested;

	@Nullable Pending pending;

	@Nullable Attempt attempt;

	private Trigger begun;

	List<Leaving> leaving;

	Pause grace;

	int conflicts;

	private int lost;

	@Nullable Leaving tolerated;

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
		this.uncopied = last.uncopied();
		this.repair = last.repair();
		this.storeProblem = last.storeProblem();
		this.current = last.current();
		this.due = last.due();
		this.dueAtOnce = last.dueAtOnce();
		this.requested = last.requested();
		this.pending = last.pending();
		this.attempt = last.attempt();
		this.begun = last.begun();
		this.leaving = last.leaving();
		this.grace = last.grace();
		this.conflicts = last.conflicts();
		this.lost = last.lost();
		this.tolerated = last.tolerated();
		this.failures = last.failures();
		this.lastTemplate = last.lastTemplate();
		this.settling = last.settling();
		this.required = last.required();
		this.awaitedUntil = last.awaitedUntil();
		this.past = last.past();
		this.notices = last.notices();
	}

	State state() {
		return new State(this.policy, this.template, this.waitingFor, this.stored, this.uncopied, this.repair,
				this.storeProblem, this.current, this.due, this.dueAtOnce, this.requested, this.pending, this.attempt,
				this.begun, this.leaving, this.grace, this.conflicts, this.lost, this.tolerated, this.failures,
				this.lastTemplate, this.settling, this.required, this.awaitedUntil, this.past, this.notices);
	}

	/** Something was read or written. */
	void store(Reading reading) {
		this.stored = reading;
		this.repair = this.repair.and(reading.repairs(), this.now);
	}

	/**
	 * That others are stored with the same pair is no rotation, unless they are missing.
	 */
	void reviewAuthorities() {
		CertificatePair stored = this.stored.pair();
		CertificatePair pair = this.current.pair();
		if (stored != null && pair != null && stored.equals(pair) && !stored.authorities().equals(pair.authorities())) {
			this.current = this.current.with(stored);
		}
		if (this.stored.deficiency() != null) {
			this.due = this.due.demanding(Trigger.DAMAGED);
			report(this.stored.deficiency());
		}
	}

	/** Notes what is wrong with the stored pair. */
	void report(@Nullable String problem) {
		this.storeProblem = this.repair.problem(problem, this.stored.otherWriter(), this.policy.store(), this.now);
	}

	/** Uses a pair, which is stored, or is about to be. */
	void hold(@Nullable CertificatePair pair, @Nullable Instant deadline) {
		if (this.current.pair() != null && deadline != null) {
			this.repair = this.repair.replaced(this.current.pair());
		}
		this.repair = this.repair.done();
		report(null);
		this.due = RotationDeadline.NO;
		this.current = new Current(pair, this.now,
				(pair != null) ? this.policy.deadline(pair, deadline, this.random) : Instant.MIN, deadline, null);
		this.notices = this.notices.ofPair(pair, this.now);
	}

	/** Uses the pair that another program has stored. */
	void adopt(CertificatePair pair, boolean differs, boolean foreign) {
		if (foreign) {
			this.repair = this.repair.adopted(this.now);
		}
		CertificatePair before = this.current.pair();
		hold(pair, this.stored.deadline());
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
		this.lost = 0;
		this.requested = false;
		this.past = this.past.rotated(outcome(pair.serialNumber(), additionalNames, null));
		// If a rotation is due again, it begins no earlier than after failures
		int times = this.dueAtOnce.times();
		this.failures = new Failures(0, 0,
				(times == 0) ? Pause.NONE : Pause.of(this.now, this.policy.retry().growing(times)), Reason.OTHER);
	}

	private Outcome outcome(@Nullable String serialNumber, List<String> additionalNames, @Nullable Failure failure) {
		SubmittedRequest object = (this.pending != null) ? this.pending.object() : null;
		return new Outcome(this.now, this.begun, serialNumber, (object != null) ? object.name() : null,
				(this.pending != null) ? this.pending.waited(this.now) : Duration.ZERO, additionalNames, failure);
	}

	/** A pair has come. To rotate it at once could have no end. */
	void reviewDeadline(CertificatePair pair) {
		Duration ahead = (this.pending != null && state().isAnswered()) ? this.pending.ahead() : null;
		boolean due = !this.policy.keepsValidPair() && !this.current.deadline().isAfter(this.now);
		this.dueAtOnce = due ? this.dueAtOnce.again(pair, ahead, this.policy.retry(), this.now, this.random)
				: RotationDeadline.AtOnce.NO;
	}

	/** An attempt begins. */
	void begin(CertificateTemplate template) {
		requesting(template, this.due.trigger());
		this.grace = Pause.NONE;
		CertificatePair pair = this.current.pair();
		Instant limit = this.now.plus(this.policy.waitTimeout());
		Instant end = (pair != null && pair.isValid(this.now) && pair.notAfter().isBefore(limit)) ? pair.notAfter()
				: limit;
		Attempt attempt = new Attempt(template, false, List.of()).lookingBefore(end, this.now);
		this.attempt = this.current.isValid(this.now) ? attempt : attempt.lookingSoon(this.now);
		await();
	}

	private void requesting(CertificateTemplate template, Trigger trigger) {
		if (this.lastTemplate != null && !this.lastTemplate.equals(template)) {
			this.settling = Pause.of(this.now, this.policy.retry().interval());
		}
		this.lastTemplate = template;
		this.begun = trigger;
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
		this.lost += (this.pending != null && this.pending.stage() == Stage.MISSED) ? 1 : 0;
		giveTime(GRACE);
		this.pending = new Pending(request, Stage.THEIRS, null, null, this.template, null);
		if (this.template != null) {
			requesting(this.template, Trigger.RESUMED);
		}
		this.begun = Trigger.RESUMED;
	}

	/** Gives another replica time for what it has begun. */
	void giveTime(Duration time) {
		this.grace = Pause.of(this.now, time.plusMillis((long) (SPREAD.toMillis() * this.random)));
	}

	/**
	 * Gives time for the creation of an object. It grows, so that one who stores requests
	 * without objects again and again causes no storm, up to a minute if there is no
	 * valid pair by then.
	 */
	private void giveTimeForObject() {
		Duration time = CREATED_BY_NOW.multipliedBy(1L << Math.min(this.lost, 10));
		Duration longest = this.current.isValid(this.now.plus(time)) ? LONGEST : LONGEST_WITHOUT_PAIR;
		giveTime(Collections.min(List.of(longest, time)));
	}

	/** A request is over, and is to be deleted. */
	void leave(PendingRequest request) {
		if (this.pending != null && this.pending.request().hasKey(request.request().publicKey())) {
			this.pending = null;
		}
		if (!state().isLeaving(request)) {
			this.leaving = Stream.concat(this.leaving.stream(), Stream.of(new Leaving(request, false, Pause.NONE)))
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
			if (pending.stage() == Stage.SEEN) {
				giveTime(GRACE);
			}
			else {
				giveTimeForObject();
			}
			this.pending = pending.with(Stage.MISSED, pending.object());
			return;
		}
		this.conflicts = 0;
		failed(problem, attempted);
		if (lost && pending != null && pending.stage() == Stage.MISSED) {
			this.pending = pending.with(Stage.LOST, null);
			this.lost++;
		}
		else if (pending != null && pending.isEndedBy(problem)) {
			leave(pending.request());
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
