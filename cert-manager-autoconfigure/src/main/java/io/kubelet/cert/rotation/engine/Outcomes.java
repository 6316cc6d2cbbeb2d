package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.RotationEvent.Failed;
import io.kubelet.cert.rotation.RotationEvent.Rotated;
import io.kubelet.cert.rotation.core.Decision.Adopt;
import io.kubelet.cert.rotation.core.Decision.Join;
import io.kubelet.cert.rotation.core.Decision.Report;
import io.kubelet.cert.rotation.core.Decision.Tolerate;
import io.kubelet.cert.rotation.core.Event.Created;
import io.kubelet.cert.rotation.core.Event.Issued;
import io.kubelet.cert.rotation.core.Event.NotRestored;
import io.kubelet.cert.rotation.core.Event.Restored;
import io.kubelet.cert.rotation.core.Event.Submitted;
import io.kubelet.cert.rotation.core.Event;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.StoreView;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Tells of what has happened to a certificate: the log, followers and listeners, and
 * those who have requested a rotation. It compares the states before and after an event.
 */
final class Outcomes {

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Delivery delivery;

	private final ForcedRotations forced;

	private final FailureLog failureLog;

	Outcomes(RotationSettings settings, SerialExecutor serial, Delivery delivery, ForcedRotations forced) {
		this.settings = settings;
		this.serial = serial;
		this.delivery = delivery;
		this.forced = forced;
		this.failureLog = new FailureLog(settings);
	}

	/** A pair is current. */
	void held(CertificatePair pair) {
		keep(pair);
		if (!KeySpecification.isStrongEnough(pair.leaf().getPublicKey())) {
			RotationLog.weakKey(this.settings, pair);
		}
	}

	/** A copy is not worth more than the pair. */
	private void keep(CertificatePair pair) {
		try {
			this.settings.store().keep(pair);
		}
		catch (RuntimeException ex) {
			RotationLog.notKept(this.settings, pair, ex);
		}
	}

	/** The callers of a rotation that has ended. */
	List<CompletableFuture<CertificatePair>> ended(State before, State after) {
		return (isAnswered(before, after) || failure(before, after) != null) ? this.forced.take() : List.of();
	}

	private static boolean isAnswered(State before, State after) {
		return after.past().count() > before.past().count();
	}

	private static @Nullable Failure failure(State before, State after) {
		Failure failure = after.past().lastFailure();
		return (failure == before.past().lastFailure()) ? null : failure;
	}

	/** Listeners are called after the task that is running. */
	void tell(State before, Event event, State after, List<CompletableFuture<CertificatePair>> ended, Instant now) {
		// First what somebody waits for, since what follows may fail
		promise(before, after, ended);
		tellOfStore(before, event, after, now);
		tellOfRequest(before, event, after);
		boolean answered = isAnswered(before, after);
		CertificatePair pair = after.pair();
		if (pair != null && pair.equals(before.pair()) && pair != before.pair()) {
			keep(pair);
		}
		else if (pair != null && pair != before.pair()) {
			held(pair);
			if (event instanceof Issued issued) {
				RotationLog.rotated(this.settings, before, issued, after, now);
			}
			else if (answered) {
				RotationLog.storedByReplica(this.settings, before, pair, after.due().begun());
			}
			if (after.dueAtOnce().isNews(before.dueAtOnce())) {
				RotationLog.dueAtOnce(this.settings, pair, event instanceof Issued, after, now);
			}
		}
		if (before.past().failingSince() != null && after.past().failingSince() == null) {
			RotationLog.over(this.settings, before.past().failingSince(), before.past().failed());
		}
		Failure failure = failure(before, after);
		if (failure != null) {
			this.failureLog.failed(before, failure, after);
		}
		if (event instanceof Report report) {
			NoticeLog.report(this.settings, this.delivery, report.notice(), after, now);
		}
	}

	/** Followers, listeners and callers learn of it after the task that is running. */
	private void promise(State before, State after, List<CompletableFuture<CertificatePair>> ended) {
		CertificatePair pair = after.pair();
		if (pair != null && !pair.equals(before.pair())) {
			this.serial.execute(() -> this.delivery.rotated(new Rotated(this.settings.name(), before.pair(), pair)));
		}
		if (isAnswered(before, after) && pair != null) {
			this.forced.end(ended, (future) -> future.complete(pair));
		}
		Failure failure = failure(before, after);
		if (failure != null) {
			this.serial.execute(() -> this.delivery.deliver(new Failed(this.settings.name(), failure)));
			this.forced.end(ended, (future) -> future.completeExceptionally(failure.cause()));
		}
	}

	private void tellOfStore(State before, Event event, State after, Instant now) {
		if (event instanceof Adopt adopt) {
			RotationLog.adopted(this.settings, adopt.pair(), before.stored().deadline() != null, adopt.differences());
		}
		if (event instanceof Restored && after.pair() != null) {
			RotationLog.restored(this.settings, after.pair());
		}
		String problem = after.repair().problem();
		if (problem != null && !problem.equals(before.repair().problem())) {
			RotationLog.notUsed(this.settings, after, event instanceof NotRestored, problem, now);
		}
		CertificatePair pair = after.pair();
		boolean replaced = new StoreView(after, now).adoptable() != null;
		if (after.isOutdated() && !replaced && !(before.isOutdated() && Objects.equals(pair, before.pair()))) {
			RotationLog.outdated(this.settings, after);
		}
	}

	private void tellOfRequest(State before, Event event, State after) {
		if (event instanceof Join join) {
			RotationLog.joined(this.settings, join.request().request(),
					join.request().request().template().equals(after.template()));
		}
		else if (event instanceof Tolerate tolerate) {
			RotationLog.tolerated(this.settings, tolerate.request().request(), tolerate.pause().end());
		}
		else if (event instanceof Created created && before.pending() != null
				&& !before.policy().asksFor(before.pending().request(), created.request().request().template())) {
			RotationLog.abandoned(this.settings, before.pending().request().request());
		}
		else if (event instanceof Submitted submitted && before.pending() != null) {
			String message = submitted.object().message();
			if (!message.isEmpty()
					&& (before.pending().object() == null || !message.equals(before.pending().object().message()))) {
				RotationLog.pending(this.settings, before.pending().request().request(), submitted.object());
			}
		}
	}

}
