package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.core.Attempt;
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
import io.kubelet.cert.rotation.core.Event.Conflicted;
import io.kubelet.cert.rotation.core.Event.Created;
import io.kubelet.cert.rotation.core.Event.Issued;
import io.kubelet.cert.rotation.core.Event.Overtaken;
import io.kubelet.cert.rotation.core.Event.StoredAgain;
import io.kubelet.cert.rotation.core.Event.Submitted;
import io.kubelet.cert.rotation.core.Event.TimedOut;
import io.kubelet.cert.rotation.core.Event;
import io.kubelet.cert.rotation.core.Pending;
import io.kubelet.cert.rotation.core.Policy;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import io.kubelet.cert.store.CertificateStore.ConflictException;

/**
 * Carries out what is decided for a certificate: it uses the store, the signer and the
 * source of keys. Used on the certificate's serial executor only.
 */
final class Rotation {

	/** So many steps are not taken without waiting for anything, unless one fails. */
	private static final int MOST_STEPS = 100;

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Journal journal;

	private final StoreKeeper store;

	private final Signing signing;

	/** Called when an answer, or a part of it, has come. */
	private final Runnable reconcile;

	/** Whether all that came before the answer has been noted. */
	private boolean arrived;

	Rotation(RotationSettings settings, SerialExecutor serial, Journal journal, StoreKeeper store, Signing signing,
			Runnable reconcile) {
		this.settings = settings;
		this.serial = serial;
		this.journal = journal;
		this.store = store;
		this.signing = signing;
		this.reconcile = reconcile;
	}

	/**
	 * Takes an answer that has come, looks at the store, and does what is due.
	 * @return when there may be something to do although nothing happens
	 */
	Instant reconcile() {
		CompletableFuture<List<X509Certificate>> answer = this.journal.answer();
		if (answer != null && answer.isDone()) {
			if (!this.arrived) {
				// What was said of the object before the answer is noted first
				return Instant.MAX;
			}
			Event outcome = outcome(answer);
			this.journal.cancel();
			this.journal.on(outcome);
		}
		else if (answer == null && this.journal.state().attempt() != null) {
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
					this.journal.on(new StoredAgain(resume.request(), this.store.write(resume.request())));
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
			this.journal.on(new Created(request, this.store.write(request)));
			send();
		}
		catch (ConflictException ex) {
			this.journal.on((this.journal.state().others().conflicts() + 1 == StoreAccess.MOST_CONFLICTS) ? new Fail(ex)
					: new Conflicted());
			this.store.observe();
		}
	}

	private void send() {
		Pending pending = Objects.requireNonNull(this.journal.state().pending());
		Attempt attempt = Objects.requireNonNull(this.journal.state().attempt());
		CompletableFuture<List<X509Certificate>> answer = this.signing.send(pending, this.journal.state().pair(),
				this.journal.now(), (object) -> this.serial.execute(() -> {
					if (isCurrent(attempt)) {
						this.journal.on(new Submitted(object));
						this.reconcile.run();
					}
				}));
		this.arrived = false;
		this.journal.await(answer);
		limit(attempt, answer);
		answer.whenComplete((chain, failure) -> this.serial.execute(() -> {
			this.arrived |= this.journal.answer() == answer;
			this.reconcile.run();
		}));
	}

	/** Nobody sets the clock of a timer. */
	private void limit(Attempt attempt, CompletableFuture<?> answer) {
		Runnable cancelLimit = this.settings.resources().scheduler().schedule(() -> this.serial.execute(() -> {
			this.journal.on(new TimedOut(attempt.number()));
			this.reconcile.run();
		}), this.settings.schedule().waitTimeout());
		answer.whenComplete((chain, failure) -> cancelLimit.run());
	}

	private boolean isCurrent(Attempt attempt) {
		Attempt current = this.journal.state().attempt();
		return this.journal.answer() != null && current != null && current.number() == attempt.number();
	}

	/** Checks an answer, and stores its pair. */
	private Event outcome(CompletableFuture<List<X509Certificate>> answer) {
		try {
			PendingRequest request = Objects.requireNonNull(this.journal.state().pending()).request();
			CertificatePair pair = this.settings.check()
				.check(answer.join(), request, authorities(), this.journal.now());
			Policy policy = this.journal.state().policy();
			Instant deadline = policy.shared() ? policy.deadline(pair, null, this.journal.random()) : null;
			boolean over = policy.shared() && !this.signing.keepsObjects();
			Reading reading = this.store.write(request,
					(stored) -> (over ? stored.withPending(null) : stored).withPair(pair, deadline), pair);
			if (reading == null) {
				return new Overtaken();
			}
			// Perhaps with fewer authorities
			return new Issued(Objects.requireNonNullElse(reading.pair(), pair),
					request.request().template().additionalNames(pair.leaf()), reading);
		}
		catch (CompletionException ex) {
			return new Fail((ex.getCause() != null) ? ex.getCause() : ex);
		}
		catch (Throwable ex) {
			return new Fail(ex);
		}
	}

	/** The authorities that the signer reports with the certificate. */
	private List<X509Certificate> authorities() {
		Pending pending = this.journal.state().pending();
		return (pending != null && pending.object() != null) ? pending.object().authorities() : List.of();
	}

}
