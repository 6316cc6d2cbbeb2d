package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.rotation.engine.RotationSettings.Request;
import io.kubelet.cert.rotation.internal.StoreSession;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes requests that are over: first the object that the signer has, then the request
 * from the store, so that a process that ends in between finds it again. Of a request
 * that another one has replaced in the store, an object may remain.
 */
final class RequestRemoval {

	private static final Logger logger = LoggerFactory.getLogger(RequestRemoval.class);

	private final RotationSettings settings;

	private final StoreSession store;

	private final SerialExecutor serial;

	/** That of the last attempt. */
	private @Nullable CertificateSigner signer;

	/** Whose object the signer is about to delete, which may take until the next one. */
	private @Nullable PendingRequest removed;

	RequestRemoval(RotationSettings settings, StoreSession store, SerialExecutor serial) {
		this.settings = settings;
		this.store = store;
		this.serial = serial;
	}

	/** Obtains the signer with a pair to authenticate with, if that is valid. */
	CertificateSigner signer(@Nullable CertificatePair pair, Instant now) {
		this.signer = Objects.requireNonNull(this.settings.signers(), "Requests have signers")
			.signer((pair != null && pair.isValid(now)) ? pair : null);
		return this.signer;
	}

	/** Has the signer look at the object of a request that is waited for. */
	void look(@Nullable PendingRequest pending) {
		if (this.signer != null && pending != null) {
			this.signer.look(pending.request());
		}
	}

	/** Whether answered requests leave objects. */
	boolean keepsObjects() {
		return this.signer == null || this.signer.keepsObjects();
	}

	/** Removes a request, without waiting for the signer, unless that has begun. */
	void remove(PendingRequest pending) {
		if (hasBegun(pending)) {
			return;
		}
		this.removed = pending;
		CompletableFuture<?> removal = discard(pending.request());
		if (removal.isDone()) {
			delete(pending);
		}
		else {
			removal.whenComplete((any, failure) -> this.serial.execute(() -> delete(pending)));
		}
	}

	/** Whether a request that is still stored is about to be removed. */
	boolean hasBegun(PendingRequest pending) {
		return this.removed != null && this.removed.hasKey(pending.request().publicKey());
	}

	private CompletableFuture<?> discard(CertificateRequest request) {
		try {
			return ((this.signer != null) ? this.signer : signer(null, Instant.MIN)).discard(request);
		}
		catch (RuntimeException ex) {
			RotationLog.about(this.settings, logger.atInfo(), request)
				.log("[{}] Request {} could not be removed: {}", request.name(), ex.getMessage());
			return CompletableFuture.completedFuture(null);
		}
	}

	/** Unless the request of another process has taken its place in the store. */
	private void delete(PendingRequest pending) {
		this.removed = (this.removed == pending) ? null : this.removed;
		try {
			if (this.store.holds(pending)) {
				this.store.write(pending, (stored) -> stored.withPending(null));
			}
		}
		catch (StoreException ex) {
			RotationLog.about(this.settings, logger.atWarn(), pending.request())
				.log("[{}] {}; the rotation is not affected", ex.getMessage());
		}
	}

}
