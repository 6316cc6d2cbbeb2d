package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.internal.DueAtOnce;
import io.kubelet.cert.rotation.internal.Pause;
import io.kubelet.cert.rotation.internal.StoreSession;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Ensures that a certificate has at most one pending request, also across restarts: the
 * request and its key are stored before it is sent for the first time, under a name that
 * is derived from the key. What concerns replicas has no effect here, but in
 * {@link SharedRequests}.
 */
class PendingRequests {

	/** Enough for one call, before a time is over. */
	private static final Duration LAST_CALL = Duration.ofSeconds(10);

	final RotationSettings settings;

	final StoreSession store;

	final NewRequests requests;

	final RequestRemoval removal;

	private final SerialExecutor serial;

	@Nullable PendingRequest pending;

	/** The object that the signer has for it, as it was last seen. */
	private @Nullable SubmittedRequest submitted;

	/** When this process sent the pending request for the first time. */
	@Nullable Instant sentAt;

	/** When it was stored here, {@code null} if another process has done that. */
	private @Nullable Instant storedAt;

	/** How far the clock here was ahead of the API server's when that created it. */
	private @Nullable Duration ahead;

	/** Before the next attempt, {@link Pause#NONE} if that is made when it is due. */
	Pause moment = Pause.NONE;

	PendingRequests(RotationSettings settings, StoreSession store, NewRequests requests, SerialExecutor serial) {
		this.settings = settings;
		this.store = store;
		this.requests = requests;
		this.removal = new RequestRemoval(settings, store, serial);
		this.serial = serial;
		this.pending = settings.off() ? null : store.get().pending();
	}

	/**
	 * Whether an earlier process has left a request that is to replace this very pair.
	 */
	boolean isLeftOver(@Nullable CertificateTemplate template, @Nullable CertificatePair pair) {
		PendingRequest pending = this.pending;
		return pending != null && pair != null && this.sentAt == null && pending.request().template().equals(template)
				&& isToReplace(pending, pair);
	}

	/** Returns the pending request if it asks for the template, to replace a pair. */
	@Nullable PendingRequest resume(CertificateTemplate template, @Nullable CertificatePair pair, Instant now) {
		PendingRequest pending = this.pending;
		if (pending == null || !(givesWay(template) || this.requests.asksFor(pending, template))) {
			return null;
		}
		this.sentAt = (this.sentAt != null) ? this.sentAt : now;
		return isToReplace(pending, pair) ? pending : save(new PendingRequest(pending.request(), pending.privateKey(),
				this.settings.request().key(), (pair != null) ? pair.serialNumber() : null));
	}

	/**
	 * Stores a new request, in the place of one that asks for something else.
	 * @return {@code false} if another replica has stored something first
	 */
	boolean store(PendingRequest request, Instant now) {
		store(request, this.pending, now);
		return true;
	}

	/** Stores a new request in the place of another, which is removed. */
	void store(PendingRequest request, @Nullable PendingRequest overwritten, Instant now) {
		PendingRequest pending = this.pending;
		save(request);
		if (overwritten != null) {
			this.removal.remove(overwritten);
		}
		if (pending != null && !this.requests.asksFor(pending, request.request().template())) {
			RotationLog.abandoned(this.settings, pending.request());
		}
		this.submitted = null;
		this.sentAt = now;
		this.storedAt = now;
		this.ahead = null;
	}

	private PendingRequest save(PendingRequest request) {
		this.store.requireRead();
		this.store.write((stored) -> stored.withPending(request));
		this.pending = request;
		return request;
	}

	/** Sends the pending request. */
	CompletableFuture<List<X509Certificate>> send(PendingRequest pending, @Nullable CertificatePair pair, Instant now,
			Consumer<SubmittedRequest> progress) {
		return this.removal.signer(pair, now).request(pending.request(), progress);
	}

	/**
	 * Remembers the object that the signer created for the pending request. It is not
	 * stored again: after a restart the signer finds the object by its name.
	 */
	void confirm(SubmittedRequest submitted) {
		PendingRequest pending = this.pending;
		String message = submitted.message();
		if (pending != null && !message.isEmpty()
				&& (this.submitted == null || !message.equals(this.submitted.message()))) {
			RotationLog.pending(this.settings, pending.request(), submitted);
		}
		this.submitted = submitted;
		if (pending != null && !submitted.uid().equals(pending.request().uid())) {
			this.pending = pending
				.with(pending.request().confirmed(submitted.name(), submitted.uid(), submitted.createdAt()));
			this.ahead = (this.storedAt != null)
					? DueAtOnce.ahead(this.storedAt, submitted.createdAt(), this.settings.clock().instant()) : null;
		}
	}

	/**
	 * Has the object of the pending request looked at before a time is over, or the pair
	 * in use has expired, since a watch may be open and bring nothing.
	 * @return cancels this
	 */
	Runnable lookBefore(Duration limit, @Nullable CertificatePair pair, Instant now) {
		Duration left = (pair != null && pair.isValid(now)) ? Duration.between(now, pair.notAfter()) : limit;
		Duration end = Collections.min(List.of(limit, left));
		Duration lastCall = Collections.min(List.of(LAST_CALL, end.dividedBy(4)));
		return this.settings.resources()
			.scheduler()
			.schedule(() -> this.serial.execute(() -> this.removal.look(this.pending)), end.minus(lastCall));
	}

	/** Whether a failed attempt is repeated after a moment, and is no failure yet. */
	boolean looksAgain(Throwable cause, Instant now) {
		return false;
	}

	/**
	 * Stores a pair.
	 * @param answered the request that it answers
	 * @return {@code false} if another replica has stored an answer
	 */
	boolean storeAnswer(CertificatePair pair, PendingRequest answered) {
		this.store.write((stored) -> stored.withPair(pair, null));
		return true;
	}

	/** Whether a pair is the answer to the pending request, whoever has stored it. */
	boolean isAnsweredBy(@Nullable CertificatePair pair) {
		return this.pending != null && pair != null && !this.pending.isToReplace(pair)
				&& this.pending.hasKey(pair.leaf().getPublicKey());
	}

	/**
	 * Ends the pending request if the pair is the answer to it, such as one that was
	 * stored by another process, or by one that ended before it could delete the request.
	 */
	void removeIfAnswered(@Nullable CertificatePair pair, Instant since, Instant now) {
		if (isAnsweredBy(pair)) {
			remove();
		}
	}

	/**
	 * Removes the pending request if a failure ends it. That the API server rejects a
	 * request does not end one whose object exists already.
	 * @return whether there is no request that replicas share any more
	 */
	boolean failed(Kind kind, Throwable cause) {
		boolean answered = kind.recovery() == Recovery.RETRY_SLOWLY;
		boolean byServer = cause instanceof RequestException rejection && rejection.statusCode() != 0;
		if (kind.recovery() == Recovery.START_OVER || (answered && (!byServer || this.submitted == null))) {
			remove();
		}
		return false;
	}

	/** No attempt waits for the pending request, which may be resumed. */
	void giveUp() {
		this.submitted = null;
	}

	/** Removes the pending request, which is over. */
	void remove() {
		PendingRequest pending = forget();
		if (pending != null) {
			this.removal.remove(pending);
		}
	}

	/** Leaves the pending request to another replica, and returns it. */
	@Nullable PendingRequest forget() {
		PendingRequest pending = this.pending;
		this.pending = null;
		this.sentAt = null;
		this.storedAt = null;
		this.submitted = null;
		this.ahead = null;
		return pending;
	}

	/** Whether a request asks for a template, or for one that ours gives way to. */
	boolean isFor(PendingRequest pending, CertificateTemplate template) {
		return template.equals(pending.request().template()) || givesWay(template);
	}

	/** In which no attempt for it is made. */
	Pause moment() {
		return this.moment;
	}

	/** Whether an attempt for it is made as soon as that moment is over. */
	boolean isNext() {
		return this.pending != null && this.moment != Pause.NONE;
	}

	@Nullable PendingRequest current() {
		return this.pending;
	}

	/** The object that the signer has for it, {@code null} if that is not known. */
	@Nullable SubmittedRequest submitted() {
		return this.submitted;
	}

	/** The authorities that the signer reports with the certificate. */
	List<X509Certificate> authorities() {
		return (this.submitted != null) ? this.submitted.authorities() : List.of();
	}

	/**
	 * How far the clock here was ahead of the API server's when that created the pending
	 * request, {@code null} if another process had stored it.
	 */
	@Nullable Duration ahead() {
		return this.ahead;
	}

	/** How long ago this process sent the pending request for the first time. */
	Duration waited(Instant now) {
		return (this.sentAt != null && now.isAfter(this.sentAt)) ? Duration.between(this.sentAt, now) : Duration.ZERO;
	}

	/**
	 * Keeps to what replicas have stored: ends our request if theirs has taken its place.
	 * @param due whether a rotation is due
	 * @return whether this ends the attempt in progress, if there is one
	 */
	boolean follow(@Nullable CertificateTemplate template, boolean due, Instant now) {
		return false;
	}

	/** Whether a template gives way to that of another replica. */
	boolean givesWay(CertificateTemplate template) {
		return false;
	}

	/** Whether another replica has removed our request, as for an answer to it. */
	boolean isWithdrawn(Instant now) {
		return false;
	}

	/** Whether a request is resumed as it is stored, to replace a pair. */
	boolean isToReplace(PendingRequest pending, @Nullable CertificatePair pair) {
		return pending.isToReplace(pair);
	}

}
