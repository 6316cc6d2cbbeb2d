package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
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
 * for all. A process creates the object only of a request that it has stored itself:
 * anybody who can write the store may know the key of one that is found there, also after
 * a restart. Whoever has stored it may be about to create the object, so it is looked for
 * again. <pre>
 * state   entered when                        attempt   no object is found
 * OURS    this process has stored it          creates   a failure, and a new one follows
 * THEIRS  it was found in the store           looks     some seconds later: MISSED
 * SEEN    its object was found or created     looks     a moment later: MISSED
 * MISSED  its object is not there (any more)  looks     a failure: LOST
 * LOST    it was not there again              none      (a new one takes its place in the
 *                                                       store if a rotation is due)
 * </pre> Each state becomes SEEN when the object is found. Each becomes THEIRS when
 * another replica has stored a request in its place, which ends the attempt.
 */
final class SharedRequests extends PendingRequests {

	/** A replica deletes its request at once when it has stored the pair, or it ended. */
	private static final Duration DELETED_BY_NOW = Duration.ofSeconds(30);

	/** For a request of replicas with another signer. */
	private static final Duration LEFT_WITHOUT_PAIR = Duration.ofMinutes(1);

	/** Before others do what another replica has begun. */
	private static final Duration MOMENT = Duration.ofSeconds(1);

	/** An API server that is busy delays the creation of an object. */
	private static final Duration CREATED_BY_NOW = Duration.ofSeconds(15);

	private static final Duration LONGEST_GRACE = Duration.ofMinutes(15);

	private static final long SPREAD_MILLIS = 2000;

	private State state = State.THEIRS;

	/** In a row. */
	private int conflicts;

	/** How many requests were lost since the last answer. */
	private int lost;

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
	boolean follow(@Nullable CertificateTemplate template, boolean due, Instant now) {
		PendingRequest stored = this.store.unanswered();
		PendingRequest pending = this.pending;
		if (stored == null || this.removal.hasBegun(stored)) {
			return pending != null && !pending.isToReplace(this.store.get().pair()) && forget() != null;
		}
		if (pending == null || !this.store.holds(pending)) {
			if (!stored.request().signerName().equals(this.settings.request().signerName())) {
				return leave(stored, now);
			}
			this.lost += (pending != null && this.state == State.MISSED) ? 1 : 0;
			forget();
			this.pending = stored;
			this.state = State.THEIRS;
			this.givingWay = template;
			giveTime(MOMENT, now);
			RotationLog.joined(this.settings, stored.request(), stored.request().template().equals(template));
			return true;
		}
		boolean foundAtStart = this.state == State.THEIRS && this.sentAt == null && !isNext();
		// Otherwise it is that of an earlier version, whose replicas have ended
		boolean wanted = !foundAtStart || template == null || isFor(pending, template);
		if (!wanted || (this.state == State.LOST && !due)) {
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

	/** Gives other replicas time to do what they have begun. */
	private void giveTime(Duration shortest, Instant now) {
		this.moment = Pause.of(now,
				shortest.plusMillis((long) (SPREAD_MILLIS * this.settings.resources().random().getAsDouble())));
	}

	@Override
	boolean givesWay(CertificateTemplate template) {
		return template.equals(this.givingWay);
	}

	@Override
	boolean isWithdrawn(Instant now) {
		return this.pending != null && this.state != State.LOST && !this.store.holds(this.pending)
				&& this.moment.isOver(now);
	}

	/** Another replica may be about to create the object, or has deleted it. */
	@Override
	boolean looksAgain(Throwable cause, Instant now) {
		if (Kind.of(cause) != Kind.LOST || (this.state != State.THEIRS && this.state != State.SEEN)) {
			return false;
		}
		giveTime((this.state == State.THEIRS) ? grace() : MOMENT, now);
		this.state = State.MISSED;
		return true;
	}

	/** It grows, so that one who stores such requests again and again causes no storm. */
	private Duration grace() {
		return Collections.min(List.of(LONGEST_GRACE, CREATED_BY_NOW.multipliedBy(1L << Math.min(this.lost, 10))));
	}

	@Override
	@Nullable PendingRequest resume(CertificateTemplate template, @Nullable CertificatePair pair, Instant now) {
		return (this.state == State.LOST) ? null : super.resume(template, pair, now);
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
		boolean written = this.store.write(answered,
				(stored) -> (this.removal.keepsObjects() ? stored : stored.withPending(null)).withPair(pair, deadline));
		this.lost = written ? 0 : this.lost;
		return written;
	}

	/** Whoever has stored the answer removes the request, unless it has ended. */
	@Override
	void removeIfAnswered(@Nullable CertificatePair pair, Instant since, Instant now) {
		if (isAnsweredBy(pair)) {
			this.lost = 0;
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
			giveTime(MOMENT, now);
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

	/** A request that is lost remains in the store until another takes its place. */
	@Override
	boolean failed(Kind kind, Throwable cause) {
		if (kind == Kind.LOST && this.state == State.MISSED) {
			this.state = State.LOST;
			this.lost++;
			giveUp();
			return true;
		}
		super.failed(kind, cause);
		return this.pending == null;
	}

	/** What the attempt does. */
	private enum State {

		/** If another object has its name, the request is lost. */
		OURS,

		/** Somebody has stored it lately, or before the start. */
		THEIRS,

		/** If it is gone, another replica may have stored the certificate. */
		SEEN,

		/** For the last time. */
		MISSED,

		/** There is no object. */
		LOST

	}

}
