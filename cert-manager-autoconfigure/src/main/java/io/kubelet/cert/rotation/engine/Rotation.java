package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.rotation.core.Decision.Fail;
import io.kubelet.cert.rotation.core.Decision.Look;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Restore;
import io.kubelet.cert.rotation.core.Decision.Resume;
import io.kubelet.cert.rotation.core.Decision.Step;
import io.kubelet.cert.rotation.core.Decision.Withdraw;
import io.kubelet.cert.rotation.core.Pause;
import io.kubelet.cert.rotation.core.Pending;
import io.kubelet.cert.rotation.core.Policy.Asked;
import io.kubelet.cert.rotation.core.Policy;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.Transitions.Event;
import io.kubelet.cert.rotation.core.Transitions;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Carries out what is decided for a certificate: has the key of a request generated,
 * sends it to the signer, stores its outcome, and deletes it. Used on the certificate's
 * serial executor only.
 */
final class Rotation {

	private final RotationSettings settings;

	private final Journal journal;

	private final StoreKeeper store;

	/** Notes what has come, then does what is due. From any thread. */
	private final Consumer<Runnable> later;

	/** Completes a deletion, even after the end, then does what is due. */
	private final Consumer<Runnable> afterDeletion;

	/** The number of the last attempt. */
	private int attempt;

	/** That of the last attempt. */
	private @Nullable CertificateSigner signer;

	Rotation(RotationSettings settings, Journal journal, StoreKeeper store, Consumer<Runnable> later,
			Consumer<Runnable> afterDeletion) {
		this.settings = settings;
		this.journal = journal;
		this.store = store;
		this.later = later;
		this.afterDeletion = afterDeletion;
	}

	/** Returns {@code false} if the step has failed. */
	boolean carryOut(Step step) {
		this.journal.on(step);
		try {
			if (step instanceof Request request) {
				request(request.template());
			}
			else if (step instanceof Resume) {
				send();
			}
		}
		catch (Throwable ex) {
			this.journal.on(new Fail(ex));
			return false;
		}
		if (step instanceof Withdraw withdraw) {
			withdraw(withdraw.request());
		}
		else if (step instanceof Look look) {
			Objects.requireNonNull(this.signer).look(look.request().request());
		}
		else if (step instanceof Restore restore) {
			this.store.restore(restore.pair());
		}
		return true;
	}

	/** Stores a request with a new key before it is sent. */
	private void request(CertificateTemplate template) {
		State state = this.journal.state();
		PendingRequest request = create(state.policy().asked(), template, state.pair());
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

	/**
	 * Creates a request with a new key.
	 * @param replaced the pair that it is to replace, {@code null} if there is none
	 */
	private PendingRequest create(Asked asked, CertificateTemplate template, @Nullable CertificatePair replaced) {
		KeyPair keys = this.settings.resources().keys().generate(asked.key());
		List<Usage> usages = asked.usages(template, keys.getPublic());
		String name = this.settings.naming().name(keys.getPublic(), template, usages);
		return new PendingRequest(
				CertificateRequests.create(name, template, asked.signer(), usages, asked.lifetime(), keys),
				keys.getPrivate(), asked.key(), (replaced != null) ? replaced.serialNumber() : null);
	}

	/** Sends the pending request, or looks for that of another replica. */
	private void send() {
		int attempt = ++this.attempt;
		State state = this.journal.state();
		Pending pending = Objects.requireNonNull(state.pending());
		CertificateRequest request = pending.request().request();
		Consumer<SubmittedRequest> progress = (object) -> on(attempt, () -> submitted(object));
		CertificateSigner signer = signer(state.current().isValid(this.journal.now()) ? state.pair() : null);
		this.signer = signer;
		CompletableFuture<List<X509Certificate>> answer = switch (pending.stage()) {
			case FOUND, THEIRS, MISSED -> signer.join(request, progress);
			default -> signer.request(request, progress);
		};
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

	/**
	 * Obtains the signer.
	 * @param pair the valid pair to authenticate with, {@code null} if there is none
	 */
	private CertificateSigner signer(@Nullable CertificatePair pair) {
		return Objects.requireNonNull(this.settings.signers(), "Requests have signers").signer(pair);
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
			boolean over = policy.shared() && !Objects.requireNonNull(this.signer).keepsObjects();
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

	/**
	 * Deletes the object of a request, then the request from the store. If that fails, it
	 * is repeated alone. The object of a request that was left alone is left to others.
	 */
	private void withdraw(PendingRequest request) {
		CompletableFuture<?> deletion = isFirstTime(request) ? discard(request.request())
				: CompletableFuture.completedFuture(null);
		if (deletion.isDone()) {
			delete(request);
		}
		else {
			deletion.whenComplete((any, failure) -> this.afterDeletion.accept(() -> delete(request)));
		}
	}

	private void delete(PendingRequest request) {
		Reading stored = this.journal.state().stored();
		try {
			stored = this.store.remove(request);
		}
		catch (RuntimeException ex) {
			if (isFirstTime(request)) {
				RotationLog.notDeleted(this.settings, request.request(), ex);
			}
		}
		finally {
			Reading last = stored;
			this.journal.on((next) -> next.withdrawn(request, last));
		}
	}

	/** Deletes the object of a request, without waiting for the signer. */
	private CompletableFuture<?> discard(CertificateRequest request) {
		try {
			this.signer = (this.signer != null) ? this.signer : signer(null);
			return this.signer.discard(request);
		}
		catch (RuntimeException ex) {
			RotationLog.about(this.settings, Level.INFO, request)
				.log("[{}] Request {} could not be removed: {}", request.name(), ex.getMessage());
			return CompletableFuture.completedFuture(null);
		}
	}

	/** Whether its deletion has not failed, and the request was not left alone. */
	private boolean isFirstTime(PendingRequest request) {
		return this.journal.state()
			.leaving()
			.stream()
			.noneMatch((leaving) -> leaving.request().equals(request) && leaving.pause() != Pause.NONE);
	}

}
