package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Pending.Leaving;
import io.kubelet.cert.rotation.core.Pending.Stage;
import org.jspecify.annotations.Nullable;

/**
 * The next state while an event makes it from the last one: the only place where what is
 * known can be changed, and never seen from outside.
 */
final class NextState {

	/** A signer may never end a deletion. What it still deletes is not awaited then. */
	private static final int MOST_LEAVING = 8;

	final Instant now;

	final double random;

	final Policy policy;

	@Nullable CertificateTemplate template;

	@Nullable String waitingFor;

	Reading stored;

	Repair repair;

	Current current;

	Due due;

	boolean requested;

	@Nullable Pending pending;

	@Nullable Attempt attempt;

	private int attempts;

	List<Leaving> leaving;

	Others others;

	Failures failures;

	private Due.AtOnce dueAtOnce;

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
		this.current = last.current();
		this.due = last.due();
		this.requested = last.requested();
		this.pending = last.pending();
		this.attempt = last.attempt();
		this.attempts = last.attempts();
		this.leaving = last.leaving();
		this.others = last.others();
		this.failures = last.failures();
		this.dueAtOnce = last.dueAtOnce();
		this.past = last.past();
		this.notices = last.notices();
	}

	State state() {
		return new State(this.policy, this.template, this.waitingFor, this.stored, this.repair, this.current, this.due,
				this.requested, this.pending, this.attempt, this.attempts, this.leaving, this.others, this.failures,
				this.dueAtOnce, this.past, this.notices);
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
			this.current = this.current.lackingAuthority();
			report(this.stored.deficiency());
		}
	}

	/** Notes what is wrong with the stored pair. */
	void report(@Nullable String problem) {
		this.repair = this.repair.reporting(problem, this.stored.otherWriter(), this.policy.store(), this.now);
	}

	/** Uses a pair, which is stored, or is about to be. */
	void hold(@Nullable CertificatePair pair, @Nullable Instant deadline) {
		if (this.current.pair() != null && deadline != null) {
			this.repair = this.repair.replaced(this.current.pair());
		}
		this.repair = this.repair.done();
		report(null);
		this.due = this.due.rotated();
		this.current = new Current(pair, this.now,
				(pair != null) ? this.policy.deadline(pair, deadline, this.random) : Instant.MIN, deadline, null,
				false);
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
		}
		else {
			this.failures = this.failures.endRow();
			this.past = this.past.adopted(before, pair, this.now);
		}
	}

	/** Uses the pair that was issued for the pending request, which is over. */
	void issued(CertificatePair pair, List<String> additionalNames) {
		CertificateTemplate wanted = (this.attempt != null) ? this.attempt.template() : null;
		hold(pair, this.stored.deadline());
		if (this.pending != null) {
			if (wanted != null && !wanted.equals(this.pending.request().request().template())
					&& !wanted.isSatisfiedBy(pair.leaf())) {
				this.current = this.current.yielding(wanted, pair);
			}
			reviewDeadline(pair);
			answered(pair, additionalNames);
			leave(this.pending.request());
		}
	}

	private void answered(CertificatePair pair, List<String> additionalNames) {
		this.attempt = null;
		this.others = this.others.answered();
		this.requested = false;
		this.past = this.past.rotated(pair, additionalNames, this.due.begun(), objectName(), waited(), this.now);
		this.failures = this.failures.succeeded(this.dueAtOnce, this.policy.retry(), this.now);
	}

	/** A pair has come. To rotate it at once could have no end. */
	private void reviewDeadline(CertificatePair pair) {
		Duration ahead = (this.pending != null && state().isAnswered()) ? this.pending.ahead() : null;
		boolean due = !this.policy.keepsValidPair() && !this.current.deadline().isAfter(this.now);
		this.dueAtOnce = due ? this.dueAtOnce.again(pair, ahead, this.policy.retry(), this.now, this.random)
				: Due.AtOnce.NO;
	}

	/** An attempt begins. */
	void begin(CertificateTemplate template) {
		this.failures = this.failures.requesting(template, this.policy.retry().interval(), this.now);
		this.due = this.due.begun(this.due.trigger());
		this.attempts++;
		this.others = this.others.withoutGrace();
		CertificatePair pair = this.current.pair();
		Instant limit = this.now.plus(this.policy.waitTimeout());
		Instant end = (pair != null && pair.isValid(this.now) && pair.notAfter().isBefore(limit)) ? pair.notAfter()
				: limit;
		Attempt attempt = new Attempt(this.attempts, template, false, List.of()).lookingBefore(end, this.now);
		this.attempt = this.current.isValid(this.now) ? attempt : attempt.lookingSoon(this.now);
		await(this.failures.end());
	}

	/** The application waits for its first certificate. */
	void await(Instant end) {
		this.failures = this.failures.awaitedUntil(end, this.now);
		if (this.attempt != null && !end.equals(Instant.MAX) && end.isAfter(this.now)) {
			this.attempt = this.attempt.lookingBefore(end, this.now);
		}
	}

	/** The request of another replica takes the place of ours, and ends our attempt. */
	void join(PendingRequest request) {
		this.attempt = null;
		boolean lost = this.pending != null && this.pending.stage() == Stage.MISSED;
		this.others = (lost ? this.others.withLost() : this.others).wait(this.now, this.random);
		this.pending = new Pending(request, Stage.THEIRS, null, null, this.template, null);
		this.due = this.due.begun(Trigger.RESUMED);
		if (this.template != null) {
			this.failures = this.failures.requesting(this.template, this.policy.retry().interval(), this.now);
		}
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
		boolean found = pending != null && (pending.stage() == Stage.FOUND || pending.stage() == Stage.THEIRS);
		if (lost && pending != null && (found || pending.stage() == Stage.SEEN)) {
			this.others = found ? this.others.waitForObject(this.current, this.now, this.random)
					: this.others.wait(this.now, this.random);
			this.pending = pending.missed();
			return;
		}
		this.others = this.others.conflicts(0);
		Throwable cause = Failures.answerBehind(problem);
		this.failures = this.failures.add(cause, attempted, this.policy.retry(), this.current.left(this.now), this.now,
				this.random);
		this.past = this.past.failed(this.failures.describe(problem, this.now), this.due.begun(), objectName(),
				waited(), (cause instanceof RequestException request) ? request.serverHealthy() : null);
		this.requested = false;
		if (lost && pending != null && pending.stage() == Stage.MISSED) {
			this.pending = pending.lost();
			this.others = this.others.withLost();
		}
		else if (pending != null && pending.isEndedBy(problem)) {
			leave(pending.request());
		}
		if (this.policy.shared() && (this.pending == null || this.pending.stage() == Stage.LOST)) {
			this.due = this.due.without(Trigger.RESUMED);
		}
	}

	private @Nullable String objectName() {
		return (this.pending != null && this.pending.object() != null) ? this.pending.object().name() : null;
	}

	private Duration waited() {
		return (this.pending != null) ? this.pending.waited(this.now) : Duration.ZERO;
	}

}
