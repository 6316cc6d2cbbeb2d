package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ensures that a certificate has at most one pending request, also across restarts: the
 * request and its key are stored before it is sent for the first time, under a name that
 * is derived from the key.
 */
final class PendingRequests {

	private static final Logger logger = LoggerFactory.getLogger(PendingRequests.class);

	private final RotationSettings settings;

	private final LastStored store;

	private final SerialExecutor lane;

	/** That of the last attempt, which also removes what a request leaves behind. */
	private @Nullable CertificateSigner signer;

	private @Nullable PendingRequest pending;

	/** The object that the signer has for it, as it was last seen. */
	private @Nullable SubmittedRequest submitted;

	/** When this process sent the pending request for the first time. */
	private @Nullable Instant sentAt;

	PendingRequests(RotationSettings settings, LastStored store, SerialExecutor lane) {
		this.settings = settings;
		this.store = store;
		this.lane = lane;
		this.pending = (settings.signers() != null) ? store.get().pending() : null;
	}

	@Nullable PendingRequest current() {
		return this.pending;
	}

	/** The object that the signer has for the pending request, if it is known. */
	Optional<SubmittedRequest> submitted() {
		return Optional.ofNullable(this.submitted);
	}

	/**
	 * Deletes the pending request if the pair is the answer to it, such as one that was
	 * stored by another process, or by one that ended before it could delete the request.
	 */
	void dropIfAnswered(@Nullable CertificatePair pair) {
		PendingRequest pending = this.pending;
		if (pending != null && pair != null && !isFor(pending, pair) && pending.hasKey(pair.leaf().getPublicKey())) {
			drop();
		}
	}

	/**
	 * Returns whether a rotation is due because an earlier process has left a request,
	 * and the pair is still the one that it is to replace.
	 */
	boolean isLeftOver(@Nullable CertificateTemplate template, @Nullable CertificatePair pair) {
		PendingRequest pending = this.pending;
		return pending != null && pair != null && this.sentAt == null && isFor(pending, pair)
				&& pending.request().template().equals(template);
	}

	private static boolean isFor(PendingRequest pending, CertificatePair pair) {
		return pair.serialNumber().equals(pending.replaces());
	}

	/**
	 * Returns the pending request if it asks for the template, otherwise a new one in its
	 * place.
	 * @param pair the pair to be replaced, {@code null} if there is none
	 */
	PendingRequest forTemplate(CertificateTemplate template, @Nullable CertificatePair pair, Instant now) {
		PendingRequest pending = this.pending;
		String replaces = (pair != null) ? pair.serialNumber() : null;
		if (pending != null && asksFor(pending, template)) {
			this.sentAt = (this.sentAt != null) ? this.sentAt : now;
			return Objects.equals(pending.replaces(), replaces) ? pending : save(new PendingRequest(pending.request(),
					pending.privateKey(), this.settings.request().key(), replaces));
		}
		KeyPair keys = this.settings.resources().keys().generate(this.settings.request().key());
		List<Usage> usages = this.settings.request().usages(template, keys.getPublic());
		String name = this.settings.request().naming().name(keys.getPublic(), template, usages);
		PendingRequest request = save(new PendingRequest(
				CertificateRequests.create(name, template, this.settings.request().signerName(), usages,
						this.settings.request().lifetime(), keys),
				keys.getPrivate(), this.settings.request().key(), replaces));
		if (pending != null) {
			this.settings.about(logger.atInfo(), pending.request())
				.log("[{}] Request {} to {} asks for something else than is configured now: it is abandoned, and a new one follows",
						this.settings.name(), pending.request().name(),
						IssuerReference.describe(pending.request().signerName()));
			discard(pending.request());
		}
		this.submitted = null;
		this.sentAt = now;
		return request;
	}

	private PendingRequest save(PendingRequest request) {
		this.store.write((stored) -> stored.withPending(request));
		this.pending = request;
		return request;
	}

	private boolean asksFor(PendingRequest pending, CertificateTemplate template) {
		return pending.asksFor(template, this.settings.request().signerName(),
				this.settings.request().usages(template, pending.request().publicKey()),
				this.settings.request().lifetime(), this.settings.request().key());
	}

	/** Notes the signer of the pending request. */
	void isSentTo(CertificateSigner signer) {
		this.signer = signer;
	}

	/** How long ago this process sent the pending request for the first time. */
	Duration waited(Instant now) {
		return (this.sentAt != null && now.isAfter(this.sentAt)) ? Duration.between(this.sentAt, now) : Duration.ZERO;
	}

	/**
	 * The name of the object that the signer has for the pending request, {@code null} if
	 * it has not confirmed one in this process.
	 */
	@Nullable String confirmedName() {
		PendingRequest pending = this.pending;
		return (pending != null && pending.request().uid() != null) ? pending.request().name() : null;
	}

	/**
	 * Remembers the object that the signer created for the pending request. It is not
	 * stored again: after a restart the signer finds the object by its name.
	 */
	void confirm(SubmittedRequest submitted) {
		PendingRequest pending = this.pending;
		String message = submitted.message();
		if (pending != null && !message.isEmpty()
				&& !submitted().map(SubmittedRequest::message).equals(Optional.of(message))) {
			this.settings.about(logger.atInfo(), pending.request())
				.log("[{}] Request {} to {} is pending: {}", this.settings.name(), submitted.name(),
						IssuerReference.describe(pending.request().signerName()), message);
		}
		this.submitted = submitted;
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
		if (kind.recovery() == Recovery.START_OVER || (answered && (!byServer || confirmedName() == null))) {
			drop();
		}
	}

	/**
	 * Deletes the pending request, which is over: first its object if there still is one,
	 * without waiting for that, so that a process that ends in between deletes both when
	 * it runs again.
	 */
	void drop() {
		PendingRequest pending = forgotten();
		if (pending == null) {
			return;
		}
		CompletableFuture<?> removal = discard(pending.request());
		if (removal.isDone()) {
			delete(pending);
		}
		else {
			removal.whenComplete((any, failure) -> this.lane.execute(() -> delete(pending)));
		}
	}

	private @Nullable PendingRequest forgotten() {
		PendingRequest pending = this.pending;
		this.pending = null;
		this.sentAt = null;
		this.submitted = null;
		return pending;
	}

	private CompletableFuture<?> discard(CertificateRequest request) {
		try {
			return (this.signer != null) ? this.signer.discard(request)
					: Objects.requireNonNull(this.settings.signers(), "Requests have signers")
						.signer(null)
						.discard(request);
		}
		catch (RuntimeException ex) {
			this.settings.about(logger.atInfo(), request)
				.log("[{}] Request {} could not be removed: {}", this.settings.name(), request.name(), ex.getMessage());
			return CompletableFuture.completedFuture(null);
		}
	}

	/** Unless the request of another process has taken its place in the store. */
	private void delete(PendingRequest pending) {
		PendingRequest last = this.store.get().pending();
		if (last == null || !pending.hasKey(last.request().publicKey())) {
			return;
		}
		try {
			this.store.write((stored) -> stored.withPending(null));
		}
		catch (StoreException ex) {
			this.settings.about(logger.atWarn(), pending.request())
				.log("[{}] {}; the rotation is not affected", this.settings.name(), ex.getMessage());
		}
	}

}
