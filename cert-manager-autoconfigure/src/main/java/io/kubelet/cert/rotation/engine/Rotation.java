package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.core.Decision.Abandon;
import io.kubelet.cert.rotation.core.Decision.Evict;
import io.kubelet.cert.rotation.core.Decision.Fail;
import io.kubelet.cert.rotation.core.Decision.Look;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Restore;
import io.kubelet.cert.rotation.core.Decision.Resume;
import io.kubelet.cert.rotation.core.Decision.Step;
import io.kubelet.cert.rotation.core.Decision.Wait;
import io.kubelet.cert.rotation.core.Decision.Withdraw;
import io.kubelet.cert.rotation.core.Decision;
import io.kubelet.cert.rotation.core.Decisions;
import io.kubelet.cert.rotation.core.Pending;
import io.kubelet.cert.rotation.core.Policy;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.Transitions.Event;
import io.kubelet.cert.rotation.core.Transitions;
import io.kubelet.cert.store.CertificateStore.ConflictException;

/**
 * Carries out what is decided for a certificate: it uses the store, the signer and the
 * source of keys. Used on the certificate's serial executor only.
 */
final class Rotation {

	/** So many steps are not taken without waiting for anything, unless one fails. */
	private static final int MOST_STEPS = 100;

	private final RotationSettings settings;

	private final Journal journal;

	private final StoreKeeper store;

	private final Signing signing;

	/** Notes what has come, then does what is due. From any thread. */
	private final Consumer<Runnable> later;

	/** The number of the last attempt. */
	private int attempt;

	Rotation(RotationSettings settings, Journal journal, StoreKeeper store, Signing signing, Consumer<Runnable> later) {
		this.settings = settings;
		this.journal = journal;
		this.store = store;
		this.signing = signing;
		this.later = later;
	}

	/**
	 * Looks at the store, and does what is due.
	 * @return when there may be something to do although nothing happens
	 */
	Instant proceed() {
		if (this.journal.answer() == null && this.journal.state().attempt() != null) {
			// How it ended could not be noted
			this.journal.on(new Abandon());
		}
		this.store.observe();
		Decision decision = Decisions.decide(this.journal.state(), this.journal.now());
		for (int steps = 0; steps < MOST_STEPS; steps++) {
			if (decision instanceof Wait wait) {
				return wait.until();
			}
			boolean done = carryOut((Step) decision);
			decision = Decisions.decide(this.journal.state(), this.journal.now());
			if (!done && !(decision instanceof Wait)) {
				// A step that fails is not repeated before the next look
				return this.journal.now();
			}
		}
		throw new IllegalStateException("There is no end to what is decided: " + decision);
	}

	/** Returns {@code false} if the step has failed. */
	private boolean carryOut(Step step) {
		this.journal.on(step);
		try {
			if (step instanceof Request request) {
				request(request.template());
			}
			else if (step instanceof Resume resume) {
				if (resume.storedAgain()) {
					Reading written = this.store.write(resume.request());
					this.journal.on((next) -> next.storedAgain(resume.request(), written));
				}
				send();
			}
		}
		catch (Throwable ex) {
			this.journal.on(new Fail(ex));
			return false;
		}
		if (step instanceof Withdraw withdraw) {
			this.store.withdraw(withdraw.request());
		}
		else if (step instanceof Look look) {
			this.signing.look(look.request().request());
		}
		else if (step instanceof Evict evict) {
			this.store.evict(evict.request());
		}
		else if (step instanceof Restore restore) {
			this.store.restore(restore.pair());
		}
		return true;
	}

	/** Stores a request with a new key before it is sent. */
	private void request(CertificateTemplate template) {
		State state = this.journal.state();
		PendingRequest request = this.signing.create(state.policy().asked(), template, state.pair());
		try {
			Reading written = this.store.write(request);
			this.journal.on((next) -> next.created(request, written));
		}
		catch (ConflictException ex) {
			boolean last = state.others().conflicts() + 1 == StoreKeeper.MOST_CONFLICTS;
			this.journal.on(last ? new Fail(ex) : Transitions::conflicted);
			this.store.observe();
			return;
		}
		Pending before = state.pending();
		if (before != null && !state.policy().asksFor(before.request(), template)) {
			RotationLog.abandoned(this.settings, before.request().request());
		}
		send();
	}

	private void send() {
		int attempt = ++this.attempt;
		CompletableFuture<List<X509Certificate>> answer = this.signing.send(
				Objects.requireNonNull(this.journal.state().pending()), this.journal.state().pair(), this.journal.now(),
				(object) -> on(attempt, () -> submitted(object)));
		this.journal.await(answer);
		// A timer does not depend on the clock, which may be set
		Runnable cancelLimit = this.settings.resources()
			.scheduler()
			.schedule(() -> on(attempt, () -> timedOut(answer)), this.settings.schedule().waitTimeout());
		answer.whenComplete((chain, failure) -> {
			on(attempt, () -> answered(answer));
			cancelLimit.run();
		});
	}

	/** Something has come for an attempt, unless that is over. From any thread. */
	private void on(int attempt, Runnable event) {
		this.later.accept(() -> {
			if (this.attempt == attempt && this.journal.answer() != null) {
				event.run();
			}
		});
	}

	private void timedOut(CompletableFuture<List<X509Certificate>> answer) {
		if (answer.isDone()) {
			// It has just come, or nothing could be done with it when it came
			answered(answer);
		}
		else {
			this.journal.on(Transitions::timedOut);
		}
	}

	private void submitted(SubmittedRequest object) {
		Pending before = this.journal.state().pending();
		this.journal.on((next) -> next.submitted(object));
		boolean known = before == null
				|| (before.object() != null && before.object().message().equals(object.message()));
		if (before != null && !known && !object.message().isEmpty()) {
			RotationLog.pending(this.settings, before.request().request(), object);
		}
	}

	/** All that was said of the object before has been noted. */
	private void answered(CompletableFuture<List<X509Certificate>> answer) {
		Event outcome = outcome(answer);
		this.journal.cancel();
		this.journal.on(outcome);
	}

	/** Checks an answer, and stores its pair. */
	private Event outcome(CompletableFuture<List<X509Certificate>> answer) {
		try {
			Pending pending = Objects.requireNonNull(this.journal.state().pending());
			PendingRequest request = pending.request();
			CertificatePair pair = this.settings.check()
				.check(answer.join(), request, authorities(pending), this.journal.now());
			Policy policy = this.journal.state().policy();
			Instant deadline = policy.shared() ? policy.deadline(pair, null, this.journal.random()) : null;
			boolean over = policy.shared() && !this.signing.keepsObjects();
			Reading written = this.store.writeOutcome(request,
					(stored) -> (over ? stored.withPending(null) : stored).withPair(pair, deadline));
			if (written == null) {
				return Transitions::overtaken;
			}
			// Perhaps with fewer authorities
			CertificatePair stored = Objects.requireNonNullElse(written.pair(), pair);
			List<String> additionalNames = request.request().template().additionalNames(pair.leaf());
			return (next) -> next.issued(stored, additionalNames, written);
		}
		catch (CompletionException ex) {
			return new Fail((ex.getCause() != null) ? ex.getCause() : ex);
		}
		catch (Throwable ex) {
			return new Fail(ex);
		}
	}

	/** The authorities that the signer reports with the certificate. */
	private static List<X509Certificate> authorities(Pending pending) {
		return (pending.object() != null) ? pending.object().authorities() : List.of();
	}

}
