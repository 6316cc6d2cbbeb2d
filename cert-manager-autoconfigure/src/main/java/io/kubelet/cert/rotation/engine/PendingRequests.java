package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.engine.Joining.State;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Ensures that a certificate has at most one pending request, also across restarts: the
 * request and its key are stored before it is sent for the first time, under a name that
 * is derived from the key.
 */
final class PendingRequests {

	/** A replica deletes its request at once when it has stored the pair, or it ended. */
	private static final Duration DELETED_BY_NOW = Duration.ofSeconds(30);

	private final RotationSettings settings;

	private final LastStored store;

	private final RequestRemoval removal;

	private @Nullable PendingRequest pending;

	/** Whether one was lost since the last answer: the next loss is a failure. */
	private boolean lost;

	/** The object that the signer has for it, as it was last seen. */
	private @Nullable SubmittedRequest submitted;

	/** When this process sent the pending request for the first time. */
	private @Nullable Instant sentAt;

	private final NewRequests requests;

	private final Joining joining;

	PendingRequests(RotationSettings settings, LastStored store, NewRequests requests, SerialExecutor serial) {
		this.settings = settings;
		this.store = store;
		this.removal = new RequestRemoval(settings, store, serial);
		this.pending = settings.off() ? null : store.isShared() ? store.unanswered() : store.get().pending();
		this.requests = requests;
		this.joining = new Joining(settings.resources().random(), store.isShared() ? State.THEIRS : State.OURS);
	}

	/**
	 * Keeps to what replicas have stored: ends our request if theirs has taken its place.
	 * @return whether this ends the attempt in progress, if there is one
	 */
	boolean follow(@Nullable CertificateTemplate template, Instant now) {
		if (!this.store.isShared()) {
			return false;
		}
		PendingRequest stored = this.store.unanswered();
		PendingRequest pending = this.pending;
		if (stored == null) {
			return pending != null && !pending.isToReplace(this.store.get().pair()) && forget() != null;
		}
		if (pending == null || !this.store.holds(pending)) {
			forget();
			this.pending = stored;
			this.requests.stored(); // It may be ours, if the answer of the store was lost
			this.joining.begin(template, now);
			RotationLog.joined(this.settings, stored.request(), stored.request().template().equals(template));
			return true;
		}
		boolean foundAtStart = this.joining.state() == State.THEIRS && this.sentAt == null && !isNext();
		if (foundAtStart && template != null && !isFor(pending, template)) {
			// It is that of an earlier version, whose replicas have ended
			remove();
		}
		return false;
	}

	/** Whether a request asks for a template, or for one that ours gives way to. */
	boolean isFor(PendingRequest pending, CertificateTemplate template) {
		return template.equals(pending.request().template()) || this.joining.givesWay(template);
	}

	/** Whether another replica has removed our request, as for an answer to it. */
	boolean isWithdrawn(Instant now) {
		return this.store.isShared() && this.pending != null && !this.store.holds(this.pending)
				&& this.joining.moment().isOver(now);
	}

	/** Whether a pair that another replica has stored is the answer to our request. */
	boolean isAnsweredElsewhere(CertificatePair pair) {
		return this.store.isShared() && this.pending != null && this.pending.hasKey(pair.leaf().getPublicKey());
	}

	Joining joining() {
		return this.joining;
	}

	/** Whether an attempt for it is made as soon as replicas have had their moment. */
	boolean isNext() {
		return this.pending != null && this.joining.isNext();
	}

	/**
	 * Puts a request in the place of one that is lost, if that is no failure yet. Other
	 * replicas are given a moment first, since one may be about to create the object, or
	 * has deleted it. If it may have ended before that, the next attempt creates it.
	 */
	boolean replaceLost(CertificateRequest request, CertificateTemplate template, Throwable cause, Instant now) {
		if (Kind.of(cause) != Kind.LOST) {
			return false;
		}
		PendingRequest pending = this.pending;
		State state = this.joining.state();
		if (this.store.isShared() && pending != null && state.isPatient()) {
			PendingRequest again = (state == State.SEEN) ? null : this.requests.again(pending, template);
			this.pending = (again != null) ? again : pending;
			this.joining.missed(again != null, now);
			return true;
		}
		if (this.lost || request.uid() == null) {
			return false;
		}
		this.lost = true;
		remove();
		RotationLog.lost(this.settings, request, cause);
		return true;
	}

	/** Sends the pending request, or joins it. */
	CompletableFuture<List<X509Certificate>> send(PendingRequest pending, @Nullable CertificatePair pair, Instant now,
			Consumer<SubmittedRequest> progress) {
		this.joining.attempted();
		CertificateSigner signer = this.removal.signer(pair, now);
		return this.joining.state().onlyLooks() ? signer.join(pending.request(), progress)
				: signer.request(pending.request(), progress);
	}

	/** Whether replicas find the pending request removed together with its answer. */
	boolean endWithAnswer() {
		return this.store.isShared() && !this.removal.keepsObjects();
	}

	/** No attempt waits for the pending request, which may be resumed. */
	void giveUp() {
		this.submitted = null;
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
	 * Removes the pending request if the pair is the answer to it, such as one that was
	 * stored by another process, or by one that ended before it could delete the request.
	 */
	void removeIfAnswered(@Nullable CertificatePair pair, Instant since, Instant now) {
		if (this.store.isShared()) {
			PendingRequest stored = this.store.get().pending();
			if (stored == null || this.store.unanswered() != null || now.isBefore(since.plus(DELETED_BY_NOW))) {
				return;
			}
			this.pending = stored;
		}
		PendingRequest pending = this.pending;
		if (pending != null && pair != null && !pending.isToReplace(pair)
				&& pending.hasKey(pair.leaf().getPublicKey())) {
			remove();
		}
	}

	/**
	 * Whether an earlier process has left a request that is to replace this very pair.
	 */
	boolean isLeftOver(@Nullable CertificateTemplate template, @Nullable CertificatePair pair) {
		PendingRequest pending = this.pending;
		return pending != null && pair != null && this.sentAt == null && pending.request().template().equals(template)
				&& (this.store.isShared() || pending.isToReplace(pair));
	}

	/** Returns the pending request if it asks for the template, to replace a pair. */
	@Nullable PendingRequest resume(CertificateTemplate template, @Nullable CertificatePair pair, Instant now) {
		PendingRequest pending = this.pending;
		if (pending == null || !(this.joining.givesWay(template) || this.requests.asksFor(pending, template))) {
			return null;
		}
		this.sentAt = (this.sentAt != null) ? this.sentAt : now;
		return (this.store.isShared() || pending.isToReplace(pair)) ? pending
				: save(new PendingRequest(pending.request(), pending.privateKey(), this.settings.request().key(),
						(pair != null) ? pair.serialNumber() : null));
	}

	/** Stores a new request, in the place of one that asks for something else. */
	void store(PendingRequest request, Instant now) {
		PendingRequest pending = this.pending;
		PendingRequest overwritten = this.store.isShared() ? this.store.get().pending() : pending;
		save(request);
		this.requests.stored();
		if (overwritten != null) {
			this.removal.remove(overwritten);
		}
		if (pending != null) {
			RotationLog.abandoned(this.settings, pending.request());
		}
		this.submitted = null;
		this.joining.own();
		this.sentAt = now;
	}

	private PendingRequest save(PendingRequest request) {
		this.store.requireRead();
		this.store.write((stored) -> stored.withPending(request));
		this.pending = request;
		return request;
	}

	/** How long ago this process sent the pending request for the first time. */
	Duration waited(Instant now) {
		return (this.sentAt != null && now.isAfter(this.sentAt)) ? Duration.between(this.sentAt, now) : Duration.ZERO;
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
		this.joining.seen();
		if (pending != null && !submitted.uid().equals(pending.request().uid())) {
			this.pending = pending
				.with(pending.request().confirmed(submitted.name(), submitted.uid(), submitted.createdAt()));
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
		return this.store.isShared() && this.pending == null;
	}

	/** The pending request is answered with a pair that is used. */
	void answered() {
		this.lost = false;
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
		this.submitted = null;
		return pending;
	}

}
