package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.core.Event.NotRestored;
import io.kubelet.cert.rotation.core.Event.Observed;
import io.kubelet.cert.rotation.core.Event.Restored;
import io.kubelet.cert.rotation.core.Event.Withdrawn;
import io.kubelet.cert.rotation.core.Event.Written;
import io.kubelet.cert.rotation.core.Pause;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the store, and records what it holds. Used on the certificate's serial
 * executor only.
 */
final class StoreKeeper {

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Journal journal;

	private final StoreSession session;

	private final Signing signing;

	private final Templates templates;

	private final ForcedRotations forced;

	/** Called when a deletion has ended. */
	private final Runnable reconcile;

	StoreKeeper(RotationSettings settings, SerialExecutor serial, Journal journal, StoreSession session,
			Signing signing, Templates templates, ForcedRotations forced, Runnable reconcile) {
		this.settings = settings;
		this.serial = serial;
		this.journal = journal;
		this.session = session;
		this.signing = signing;
		this.templates = templates;
		this.forced = forced;
		this.reconcile = reconcile;
	}

	/** Looks at the store and at the template. */
	void observe() {
		this.journal.on(new Observed(this.session.read(this.journal.state().pair(), this.journal.now()),
				this.templates.latest(), this.templates.waitingFor(), this.forced.isRequested()));
	}

	/** Stores the pair in use again. */
	void restore(CertificatePair pair) {
		Instant shared = this.journal.state().current().shared();
		Instant deadline = (shared != null) ? shared
				: this.journal.state().policy().deadline(pair, null, this.journal.random());
		try {
			this.session.write((stored) -> stored.withPair(pair, deadline)
				.withRepairs(this.journal.state().repairs(stored.repairs(), true, this.journal.now())));
			this.journal.on(new Restored(reading()));
		}
		catch (ConflictException ex) {
			this.journal.on(new NotRestored(null));
			observe();
		}
		catch (StoreException ex) {
			this.journal.on(new NotRestored(ex.getMessage()));
		}
	}

	/** Removes a request of replicas with another signer. */
	void evict(PendingRequest request) {
		try {
			if (this.session.holds(request)) {
				write(request, (stored) -> stored.withPending(null));
			}
			this.journal.on(new Written(reading()));
		}
		catch (StoreException ex) {
			observe();
		}
	}

	/** Stores a request or a pair. */
	void write(UnaryOperator<Stored> change) {
		this.session.write(counted(change));
	}

	/**
	 * Stores the outcome of a request.
	 * @return whether it was stored; {@code false} if another process has done so
	 */
	boolean write(PendingRequest request, UnaryOperator<Stored> change) {
		return this.session.write(request, counted(change));
	}

	/** That another pair takes the place of one that is to be repaired counts. */
	private UnaryOperator<Stored> counted(UnaryOperator<Stored> change) {
		return (stored) -> {
			Stored next = change.apply(stored);
			return next.withRepairs(this.journal.state()
				.repairs(stored.repairs(), !Objects.equals(next.pair(), stored.pair()), this.journal.now()));
		};
	}

	/** What is stored, if a pair is the current one. */
	Reading reading(@Nullable CertificatePair current) {
		return this.session.reading(current, this.journal.now());
	}

	private Reading reading() {
		return reading(this.journal.state().pair());
	}

	/**
	 * Deletes the object of a request, then the request from the store. If that fails, it
	 * is repeated alone.
	 */
	void withdraw(PendingRequest request) {
		CompletableFuture<?> deletion = isFirstTime(request) ? this.signing.discard(request.request())
				: CompletableFuture.completedFuture(null);
		if (deletion.isDone()) {
			delete(request);
		}
		else {
			deletion.whenComplete((any, failure) -> this.serial.execute(() -> {
				delete(request);
				this.reconcile.run();
			}));
		}
	}

	/** Unless the request of another process has taken its place in the store. */
	private void delete(PendingRequest request) {
		try {
			if (this.session.holds(request)) {
				write(request, (stored) -> stored.withPending(null));
			}
		}
		catch (RuntimeException ex) {
			if (isFirstTime(request)) {
				RotationLog.notDeleted(this.settings, request.request(), ex);
			}
		}
		finally {
			this.journal.on(new Withdrawn(request, reading()));
		}
	}

	private boolean isFirstTime(PendingRequest request) {
		return this.journal.state()
			.leaving()
			.stream()
			.noneMatch((leaving) -> leaving.request().equals(request) && leaving.pause() != Pause.NONE);
	}

}
