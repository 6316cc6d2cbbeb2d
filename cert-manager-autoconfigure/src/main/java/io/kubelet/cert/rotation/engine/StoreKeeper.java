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
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.StoreView;
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

	private final StoreAccess access;

	private final Signing signing;

	private final Templates templates;

	private final ForcedRotations forced;

	/** Called when a deletion has ended. */
	private final Runnable reconcile;

	StoreKeeper(RotationSettings settings, SerialExecutor serial, Journal journal, StoreAccess access, Signing signing,
			Templates templates, ForcedRotations forced, Runnable reconcile) {
		this.settings = settings;
		this.serial = serial;
		this.journal = journal;
		this.access = access;
		this.signing = signing;
		this.templates = templates;
		this.forced = forced;
		this.reconcile = reconcile;
	}

	/** Looks at the store and at the template. */
	void observe() {
		State state = this.journal.state();
		this.journal.on(new Observed(this.access.read(state.stored(), state.pair(), this.journal.now()),
				this.templates.latest(), this.templates.waitingFor(), this.forced.isRequested()));
	}

	/** Stores the pair in use again. */
	void restore(CertificatePair pair) {
		State state = this.journal.state();
		Instant shared = state.current().shared();
		Instant deadline = (shared != null) ? shared : state.policy().deadline(pair, null, this.journal.random());
		try {
			this.journal.on(new Restored(this.access.write(state.stored(),
					(stored) -> stored.withPair(pair, deadline)
						.withRepairs(new StoreView(state, this.journal.now()).repairs(stored.repairs(), true)),
					pair, this.journal.now())));
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
			remove(request);
		}
		catch (StoreException ex) {
			observe();
		}
	}

	/** Unless the request of another process has taken its place in the store. */
	private void remove(PendingRequest request) {
		if (this.journal.state().stored().holds(request)) {
			Reading written = write(request, (stored) -> stored.withPending(null), this.journal.state().pair());
			if (written == null) {
				observe();
			}
			else {
				this.journal.on(new Written(written));
			}
		}
	}

	/** Stores a request. */
	Reading write(PendingRequest request) {
		State state = this.journal.state();
		return this.access.write(state.stored(), counted((stored) -> stored.withPending(request)), state.pair(),
				this.journal.now());
	}

	/**
	 * Stores the outcome of a request.
	 * @param current the pair that is current then
	 * @return what is stored now; {@code null} if another process has written an outcome
	 */
	@Nullable Reading write(PendingRequest request, UnaryOperator<Stored> change, @Nullable CertificatePair current) {
		State state = this.journal.state();
		return this.access.write(state.stored(), request, counted(change), state::isForeign, current,
				this.journal.now());
	}

	/** That another pair takes the place of one that is to be repaired counts. */
	private UnaryOperator<Stored> counted(UnaryOperator<Stored> change) {
		return (stored) -> {
			Stored next = change.apply(stored);
			return next.withRepairs(new StoreView(this.journal.state(), this.journal.now()).repairs(stored.repairs(),
					!Objects.equals(next.pair(), stored.pair())));
		};
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

	private void delete(PendingRequest request) {
		try {
			remove(request);
		}
		catch (RuntimeException ex) {
			if (isFirstTime(request)) {
				RotationLog.notDeleted(this.settings, request.request(), ex);
			}
		}
		finally {
			this.journal.on(new Withdrawn(request, this.journal.state().stored()));
		}
	}

	private boolean isFirstTime(PendingRequest request) {
		return this.journal.state()
			.leaving()
			.stream()
			.noneMatch((leaving) -> leaving.request().equals(request) && leaving.pause() != Pause.NONE);
	}

}
