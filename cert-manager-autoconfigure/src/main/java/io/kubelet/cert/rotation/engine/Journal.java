package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.RotationEvent.Failed;
import io.kubelet.cert.rotation.RotationEvent.Rotated;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.core.Decision.Adopt;
import io.kubelet.cert.rotation.core.Decision.Join;
import io.kubelet.cert.rotation.core.Decision.Report;
import io.kubelet.cert.rotation.core.Decision.Tolerate;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.StoreView;
import io.kubelet.cert.rotation.core.Transitions.Event;
import io.kubelet.cert.rotation.core.Transitions;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Holds the state of a certificate, which everybody reads, and records each event: the
 * only place where the state changes. What differs afterwards is logged, and followers,
 * listeners, and those who have requested a rotation learn of it. Used on the
 * certificate's serial executor only, except for {@link #state()} and {@link #cancel()}.
 */
final class Journal {

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Delivery delivery;

	private final ForcedRotations forced;

	private final FailureLog failureLog;

	private volatile State state;

	/** What the attempt in progress waits for. */
	private volatile @Nullable CompletableFuture<List<X509Certificate>> answer;

	Journal(RotationSettings settings, SerialExecutor serial, Delivery delivery, ForcedRotations forced, State state) {
		this.settings = settings;
		this.serial = serial;
		this.delivery = delivery;
		this.forced = forced;
		this.failureLog = new FailureLog(settings);
		this.state = state;
		if (state.pair() != null) {
			held(state.pair());
		}
	}

	/** All that is known. From any thread. */
	State state() {
		return this.state;
	}

	Instant now() {
		return this.settings.clock().instant();
	}

	double random() {
		return this.settings.resources().random().getAsDouble();
	}

	/** Notes what has happened, and tells of it. */
	void on(Event event) {
		State before = this.state;
		State after = Transitions.after(before, event, now(), random());
		// Whoever reads the new state finds no rotation in progress that has ended
		List<CompletableFuture<CertificatePair>> ended = (isAnswered(before, after) || failure(before, after) != null)
				? this.forced.take() : List.of();
		this.state = after;
		if (after.attempt() == null) {
			cancel();
		}
		// First what somebody waits for, since what follows may fail
		promise(before, after, ended);
		tell(before, event, after, now());
	}

	/** An attempt waits for an answer. */
	void await(CompletableFuture<List<X509Certificate>> answer) {
		this.answer = answer;
	}

	@Nullable CompletableFuture<List<X509Certificate>> answer() {
		return this.answer;
	}

	/** Gives up what is waited for. From any thread. */
	void cancel() {
		CompletableFuture<?> answer = this.answer;
		this.answer = null;
		if (answer != null) {
			answer.cancel(true);
		}
	}

	/** A pair is current. */
	private void held(CertificatePair pair) {
		keep(this.settings, pair);
		if (!KeySpecification.isStrongEnough(pair.leaf().getPublicKey())) {
			RotationLog.weakKey(this.settings, pair);
		}
	}

	/** A copy is not worth more than the pair. */
	static void keep(RotationSettings settings, CertificatePair pair) {
		try {
			settings.store().keep(pair);
		}
		catch (RuntimeException ex) {
			RotationLog.notKept(settings, pair, ex);
		}
	}

	private static boolean isAnswered(State before, State after) {
		return after.past().rotations().count() > before.past().rotations().count();
	}

	private static @Nullable Failure failure(State before, State after) {
		Failure failure = after.past().lastFailure();
		return (failure == before.past().lastFailure()) ? null : failure;
	}

	private void tell(State before, Event event, State after, Instant now) {
		if (event instanceof Adopt adopt) {
			RotationLog.adopted(this.settings, adopt.pair(), before.isByReplica(before.stored(), now),
					adopt.differences());
		}
		tellOfStore(before, after, now);
		CertificatePair pair = after.pair();
		if (pair != null && pair.equals(before.pair()) && !pair.isIdenticalTo(before.pair())) {
			keep(this.settings, pair);
		}
		else if (pair != null && !pair.equals(before.pair())) {
			tellOfPair(before, after, pair, event instanceof Adopt, now);
		}
		Failure failure = failure(before, after);
		if (failure != null) {
			this.failureLog.failed(failure, after);
		}
		Instant failingSince = before.past().rotations().failingSince();
		if (failingSince != null && after.past().rotations().failingSince() == null) {
			this.failureLog.over(failingSince);
		}
		if (event instanceof Join join) {
			CertificateRequest request = join.request().request();
			RotationLog.joined(this.settings, request, request.template().equals(after.template()));
		}
		else if (event instanceof Tolerate tolerate) {
			RotationLog.tolerated(this.settings, tolerate.request().request(), tolerate.pause().end());
		}
		else if (event instanceof Report report) {
			new NoticeLog(this.settings, this::deliver, after, now).report(report.notice());
		}
	}

	/** Followers, listeners and callers learn of it after the task that is running. */
	private void promise(State before, State after, List<CompletableFuture<CertificatePair>> ended) {
		CertificatePair pair = after.pair();
		if (pair != null && !pair.isIdenticalTo(before.pair())) {
			this.serial.execute(this.delivery::updated);
		}
		if (pair != null && !pair.equals(before.pair())) {
			deliver(new Rotated(this.settings.name(), before.pair(), pair));
		}
		if (isAnswered(before, after) && pair != null) {
			this.forced.end(ended, (future) -> future.complete(pair));
		}
		Failure failure = failure(before, after);
		if (failure != null) {
			deliver(new Failed(this.settings.name(), failure));
			this.forced.end(ended, (future) -> future.completeExceptionally(failure.cause()));
		}
	}

	private void deliver(RotationEvent event) {
		this.serial.execute(() -> this.delivery.deliver(event));
	}

	private void tellOfStore(State before, State after, Instant now) {
		String problem = after.storeProblem();
		if (problem != null && !problem.equals(before.storeProblem())) {
			RotationLog.notUsed(this.settings, after, problem, now);
		}
		CertificatePair stored = after.stored().pair();
		if (problem == null && before.storeProblem() != null && stored != null && stored.equals(before.pair())) {
			RotationLog.readAgain(this.settings, stored);
		}
		boolean replaced = new StoreView(after, now).adoptable() != null;
		if (after.isOutdated() && !replaced && !(before.isOutdated() && Objects.equals(after.pair(), before.pair()))) {
			RotationLog.outdated(this.settings, after);
		}
	}

	private void tellOfPair(State before, State after, CertificatePair pair, boolean adopted, Instant now) {
		held(pair);
		if (isAnswered(before, after)) {
			RotationLog.rotated(this.settings, before, after, adopted, now);
		}
		if (after.dueAtOnce().isNews(before.dueAtOnce())) {
			RotationLog.dueAtOnce(this.settings, pair, adopted, after, now);
		}
	}

}
