package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
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

	/**
	 * A replica deletes its request at once when it has stored the pair. Others wait this
	 * long before they conclude that it has ended.
	 */
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

	PendingRequests(RotationSettings settings, LastStored store, SerialExecutor serial) {
		this.settings = settings;
		this.store = store;
		this.removal = new RequestRemoval(settings, store, serial);
		this.pending = settings.off() ? null : store.isShared() ? store.unanswered() : store.get().pending();
		this.requests = new NewRequests(settings);
		this.joining = new Joining(settings.resources().random(), store.isShared() ? State.THEIRS : State.OURS);
	}

	boolean areShared() {
		return this.store.isShared();
	}

	/**
	 * Keeps to what replicas have stored: ends our request if theirs has taken its place.
	 * @return whether this ends the attempt in progress, if there is one
	 */
	boolean follow(@Nullable CertificateTemplate template, Instant now) {
		PendingRequest stored = this.store.unanswered();
		PendingRequest pending = this.pending;
		if (stored == null) {
			return pending != null && !isToReplace(pending, this.store.get().pair()) && forget() != null;
		}
		if (pending == null || !this.store.holds(pending)) {
			forget();
			this.pending = stored;
			this.joining.begin(template, now);
			return true;
		}
		boolean foundAtStart = this.joining.state() == State.THEIRS && this.sentAt == null && !isNext();
		if (foundAtStart && template != null && !isFor(pending, template)) {
			// It is that of an earlier version, whose replicas have ended
			drop();
		}
		return false;
	}

	/** Whether a request asks for a template, or for one that ours gives way to. */
	boolean isFor(PendingRequest pending, CertificateTemplate template) {
		return template.equals(pending.request().template()) || this.joining.givesWay(template);
	}

	/** Whether another replica has removed our request, as for an answer to it. */
	boolean isWithdrawn(Instant now) {
		return this.pending != null && !this.store.holds(this.pending) && this.joining.moment().isOver(now);
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
	 * Whether a request takes the place of one that is lost, without a failure. Other
	 * replicas are given a moment first, since one may be about to create the object, or
	 * has deleted it. If it may have ended before that, the next attempt creates it.
	 */
	boolean isReplaced(Attempt attempt, RequestException cause, Instant now) {
		PendingRequest pending = this.pending;
		State state = this.joining.state();
		if (this.store.isShared() && pending != null && state.isPatient()) {
			PendingRequest again = (state == State.SEEN) ? null : this.requests.again(pending, attempt.template());
			this.pending = (again != null) ? again : pending;
			this.joining.missed(again != null, now);
			return true;
		}
		CertificateRequest request = attempt.pending().request();
		if (this.lost || request.uid() == null) {
			return false;
		}
		this.lost = true;
		drop();
		RotationLog.lost(this.settings, request, cause);
		return true;
	}

	/** Sends the pending request, or joins it. */
	CompletableFuture<List<X509Certificate>> send(PendingRequest pending, @Nullable CertificatePair pair, Instant now,
			Consumer<SubmittedRequest> progress) {
		CertificateSigner signer = this.removal.signer(pair, now);
		this.joining.attempted();
		return this.joining.state().onlyLooks() ? signer.join(pending.request(), progress)
				: signer.request(pending.request(), progress);
	}

	/** Whether replicas find the pending request removed together with its answer. */
	boolean endWithAnswer() {
		return this.store.isShared() && !this.removal.keepsObjects();
	}

	@Nullable PendingRequest current() {
		return this.pending;
	}

	/** The object that the signer has for it, {@code null} if that is not known. */
	@Nullable SubmittedRequest submitted() {
		return this.submitted;
	}

	/** The name of that object, {@code null} if that is not known. */
	@Nullable String confirmedName() {
		return (this.submitted != null) ? this.submitted.name() : null;
	}

	/**
	 * Deletes the pending request if the pair is the answer to it, such as one that was
	 * stored by another process, or by one that ended before it could delete the request.
	 * @param since since when the pair has been in use
	 */
	void dropIfAnswered(@Nullable CertificatePair pair, Instant since, Instant now) {
		if (this.store.isShared()) {
			PendingRequest stored = this.store.get().pending();
			if (stored == null || this.store.unanswered() != null || now.isBefore(since.plus(DELETED_BY_NOW))) {
				return;
			}
			this.pending = stored;
		}
		PendingRequest pending = this.pending;
		if (pending != null && pair != null && !isToReplace(pending, pair)
				&& pending.hasKey(pair.leaf().getPublicKey())) {
			drop();
		}
	}

	/**
	 * Returns whether a rotation is due because an earlier process has left a request,
	 * and the pair is still the one that it is to replace.
	 */
	boolean isLeftOver(@Nullable CertificateTemplate template, @Nullable CertificatePair pair) {
		PendingRequest pending = this.pending;
		return pending != null && pair != null && this.sentAt == null && pending.request().template().equals(template)
				&& (this.store.isShared() || isToReplace(pending, pair));
	}

	/** Whether a request is to replace a pair. */
	private static boolean isToReplace(PendingRequest pending, @Nullable CertificatePair pair) {
		return Objects.equals((pair != null) ? pair.serialNumber() : null, pending.replaces());
	}

	/**
	 * Returns the pending request if it asks for the template, otherwise a new one in its
	 * place.
	 * @param pair the pair to be replaced, {@code null} if there is none
	 */
	PendingRequest forTemplate(CertificateTemplate template, @Nullable CertificatePair pair, Instant now) {
		PendingRequest pending = this.pending;
		String replaces = (pair != null) ? pair.serialNumber() : null;
		if (pending != null && (this.joining.givesWay(template) || this.requests.asksFor(pending, template))) {
			this.sentAt = (this.sentAt != null) ? this.sentAt : now;
			return (this.store.isShared() || isToReplace(pending, pair)) ? pending
					: save(new PendingRequest(pending.request(), pending.privateKey(), this.settings.request().key(),
							replaces));
		}
		PendingRequest overwritten = this.store.isShared() ? this.store.get().pending() : pending;
		PendingRequest request = save(this.requests.create(template, replaces));
		this.requests.created();
		if (overwritten != null) {
			this.removal.remove(overwritten);
		}
		if (pending != null) {
			RotationLog.abandoned(this.settings, pending.request());
		}
		this.submitted = null;
		this.joining.own();
		this.sentAt = now;
		return request;
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
	 * Deletes the pending request if a failure ends it. That the API server rejects a
	 * request does not end one whose object exists already.
	 */
	void failed(Kind kind, Throwable cause) {
		boolean answered = kind.recovery() == Recovery.RETRY_SLOWLY;
		boolean byServer = cause instanceof RequestException rejection && rejection.statusCode() != 0;
		if (kind.recovery() == Recovery.START_OVER || (answered && (!byServer || this.submitted == null))) {
			drop();
		}
	}

	/** The pending request is answered with a pair that is used. */
	void answered() {
		this.lost = false;
	}

	/** Deletes the pending request, which is over. */
	void drop() {
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
