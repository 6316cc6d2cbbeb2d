package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.internal.Pause;
import io.kubelet.cert.rotation.internal.StoreSession;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * The pending request of a certificate that replicas share: the one that is stored counts
 * for all. Whoever stores a request is about to submit it, so other replicas give it a
 * moment first, and submit it only if they still find no object after that. <pre>
 * state   entered when                        attempt   no object is found
 * OURS    this process has stored it, or      creates   the request is lost: a failure,
 *         creates that of another again                 and a new one follows
 * THEIRS  it was found in the store           looks     a moment later: OURS if it is what
 *                                                       we would request, else MISSED
 * SEEN    its object was found or created     looks     a moment later: MISSED
 * MISSED  its object is not there (any more)  looks     as for OURS
 * </pre> Each state becomes SEEN when the object is found. Each becomes THEIRS when
 * another replica has stored a request in its place, which ends the attempt.
 */
final class SharedRequests extends PendingRequests {

	/** A replica deletes its request at once when it has stored the pair, or it ended. */
	private static final Duration DELETED_BY_NOW = Duration.ofSeconds(30);

	/** For a request of replicas with another signer. */
	private static final Duration LEFT_WITHOUT_PAIR = Duration.ofMinutes(1);

	private static final long SHORTEST_MILLIS = 1000;

	private static final long SPREAD_MILLIS = 2000;

	private State state = State.THEIRS;

	/** In a row. */
	private int conflicts;

	/** The last request for another signer that was found. */
	private @Nullable PendingRequest left;

	private Pause leftUntil = Pause.NONE;

	/** Our template, which gives way to that of the other replica. */
	private @Nullable CertificateTemplate givingWay;

	/**
	 * @param changed called when another replica has changed the store, on any thread
	 */
	SharedRequests(RotationSettings settings, CertificateStore.Shared shared, StoreSession store, NewRequests requests,
			SerialExecutor serial, Runnable changed) {
		super(settings, store, requests, serial);
		shared.onChange(changed);
		this.pending = settings.off() ? null : store.unanswered();
	}

	@Override
	boolean follow(@Nullable CertificateTemplate template, Instant now) {
		PendingRequest stored = this.store.unanswered();
		PendingRequest pending = this.pending;
		if (stored == null || this.removal.hasBegun(stored)) {
			return pending != null && !pending.isToReplace(this.store.get().pair()) && forget() != null;
		}
		if (pending == null || !this.store.holds(pending)) {
			if (!stored.request().signerName().equals(this.settings.request().signerName())) {
				return leave(stored, now);
			}
			forget();
			this.pending = stored;
			this.state = State.THEIRS;
			this.givingWay = template;
			giveTime(now);
			RotationLog.joined(this.settings, stored.request(), stored.request().template().equals(template));
			return true;
		}
		boolean foundAtStart = this.state == State.THEIRS && this.sentAt == null && !isNext();
		if (foundAtStart && template != null && !isFor(pending, template)) {
			// It is that of an earlier version, whose replicas have ended
			remove();
		}
		return false;
	}

	/**
	 * Leaves a request for another signer to the replicas that are configured with it, as
	 * during a rollout, and waits for the pair as long as they do. After that, it is
	 * removed from the store: they have ended, or anybody has stored it.
	 * @return whether this ends a request of ours, which it has replaced
	 */
	private boolean leave(PendingRequest stored, Instant now) {
		PendingRequest left = this.left;
		if (left == null || !left.hasKey(stored.request().publicKey())) {
			this.left = stored;
			CertificatePair pair = this.store.get().pair();
			this.leftUntil = Pause.of(now,
					(pair != null && pair.isValid(now)) ? this.settings.schedule().waitTimeout() : LEFT_WITHOUT_PAIR);
			this.moment = this.leftUntil;
		}
		else if (this.leftUntil.isOver(now)) {
			try {
				this.store.write((current) -> current.withPending(null));
			}
			catch (StoreException ex) {
				// The next review tries again
			}
		}
		return forget() != null;
	}

	/** Gives other replicas a moment to do what they have begun. */
	private void giveTime(Instant now) {
		this.moment = Pause.of(now, Duration
			.ofMillis(SHORTEST_MILLIS + (long) (SPREAD_MILLIS * this.settings.resources().random().getAsDouble())));
	}

	@Override
	boolean givesWay(CertificateTemplate template) {
		return template.equals(this.givingWay);
	}

	@Override
	boolean isWithdrawn(Instant now) {
		return this.pending != null && !this.store.holds(this.pending) && this.moment.isOver(now);
	}

	/**
	 * Other replicas are given a moment first, since one may be about to create the
	 * object, or has deleted it. If it may have ended before that, the next attempt
	 * creates it.
	 */
	@Override
	boolean looksAgain(CertificateTemplate template, Throwable cause, Instant now) {
		PendingRequest pending = this.pending;
		if (pending == null || Kind.of(cause) != Kind.LOST
				|| (this.state != State.THEIRS && this.state != State.SEEN)) {
			return false;
		}
		PendingRequest again = (this.state == State.SEEN) ? null : this.requests.again(pending, template);
		this.pending = (again != null) ? again : pending;
		this.state = (again != null) ? State.OURS : State.MISSED;
		giveTime(now);
		return true;
	}

	@Override
	CompletableFuture<List<X509Certificate>> send(PendingRequest pending, @Nullable CertificatePair pair, Instant now,
			Consumer<SubmittedRequest> progress) {
		this.conflicts = 0;
		this.moment = Pause.NONE;
		CertificateSigner signer = this.removal.signer(pair, now);
		return (this.state == State.THEIRS || this.state == State.MISSED) ? signer.join(pending.request(), progress)
				: signer.request(pending.request(), progress);
	}

	/** With the deadline of all replicas, and without the request if that is over. */
	@Override
	boolean storeAnswer(CertificatePair pair, PendingRequest answered) {
		Instant deadline = this.settings.deadline(pair, null);
		return this.store.write(answered,
				(stored) -> (this.removal.keepsObjects() ? stored : stored.withPending(null)).withPair(pair, deadline));
	}

	/** Whoever has stored the answer removes the request, unless it has ended. */
	@Override
	void removeIfAnswered(@Nullable CertificatePair pair, Instant since, Instant now) {
		if (isAnsweredBy(pair)) {
			forget();
		}
		PendingRequest stored = this.store.get().pending();
		if (stored != null && this.store.unanswered() == null && !now.isBefore(since.plus(DELETED_BY_NOW))) {
			this.pending = stored;
			super.removeIfAnswered(pair, since, now);
		}
	}

	/** Another replica has it stored, whichever pair is current meanwhile. */
	@Override
	boolean isToReplace(PendingRequest pending, @Nullable CertificatePair pair) {
		return true;
	}

	/** The other replica is followed after a moment, unless there is no end to that. */
	@Override
	boolean store(PendingRequest request, Instant now) {
		try {
			store(request, this.store.get().pending(), now);
		}
		catch (ConflictException ex) {
			if (++this.conflicts == StoreSession.MOST_CONFLICTS) {
				this.conflicts = 0;
				throw ex;
			}
			giveTime(now);
			return false;
		}
		this.state = State.OURS;
		this.moment = Pause.NONE;
		this.givingWay = null;
		return true;
	}

	@Override
	void confirm(SubmittedRequest submitted) {
		super.confirm(submitted);
		this.state = State.SEEN;
	}

	@Override
	boolean failed(Kind kind, Throwable cause) {
		super.failed(kind, cause);
		return this.pending == null;
	}

	/** What the attempt does. */
	private enum State {

		/** If another object has its name, the request is lost. */
		OURS,

		/** The other process has stored it lately, or before the start. */
		THEIRS,

		/** If it is gone, another replica may have stored the certificate. */
		SEEN,

		/** For the last time. */
		MISSED

	}

}
