package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ensures that a certificate has at most one open request, also across restarts: the
 * request and its key are stored before it is sent for the first time, under a name that
 * is derived from the key.
 */
final class OpenRequests {

	private static final Logger logger = LoggerFactory.getLogger(OpenRequests.class);

	private final CertificateStore store;

	private final KeyPairSource keys;

	private final RotationSettings settings;

	private @Nullable CertificateRequest open;

	/** When this process sent the open request for the first time. */
	private @Nullable Instant sentAt;

	OpenRequests(CertificateStore store, KeyPairSource keys, RotationSettings settings) {
		this.store = store;
		this.keys = keys;
		this.settings = settings;
		this.open = store.openRequest().orElse(null);
	}

	Optional<CertificateRequest> current() {
		return Optional.ofNullable(this.open);
	}

	/**
	 * Returns the open request if it asks for the template, otherwise a new one that
	 * replaces it.
	 */
	CertificateRequest forTemplate(CertificateTemplate template, Instant now) {
		CertificateRequest open = this.open;
		if (open != null && open.asksFor(template, this.settings.signerName(),
				this.settings.usages().apply(template, open.publicKey()), this.settings.requestedLifetime())) {
			this.sentAt = (this.sentAt != null) ? this.sentAt : now;
			return open;
		}
		KeyPair keys = this.keys.generate(this.settings.key());
		List<Usage> usages = this.settings.usages().apply(template, keys.getPublic());
		String name = this.settings.naming().name(keys.getPublic(), template, usages);
		CertificateRequest request = CertificateRequests.create(name, template, this.settings.signerName(), usages,
				this.settings.requestedLifetime(), keys);
		this.store.saveOpenRequest(request);
		this.open = request;
		this.sentAt = now;
		return request;
	}

	/** How long ago this process sent the open request for the first time. */
	Duration waited(Instant now) {
		return (this.sentAt != null && now.isAfter(this.sentAt)) ? Duration.between(this.sentAt, now) : Duration.ZERO;
	}

	/** Whether the signer has confirmed the open request in this process. */
	boolean isConfirmed() {
		CertificateRequest open = this.open;
		return open != null && open.uid() != null;
	}

	/**
	 * Remembers the object that the signer created for the open request. It is not stored
	 * again: after a restart the signer finds the object by its name.
	 */
	void confirm(SubmittedRequest submitted) {
		CertificateRequest open = this.open;
		if (open != null && !submitted.uid().equals(open.uid())) {
			this.open = open.confirmed(submitted.name(), submitted.uid(), submitted.createdAt());
		}
	}

	/** Deletes the open request: it was answered or no longer exists. */
	void drop() {
		CertificateRequest open = this.open;
		this.open = null;
		this.sentAt = null;
		if (open == null) {
			return;
		}
		try {
			this.store.deleteOpenRequest(open);
		}
		catch (StoreException ex) {
			this.settings.about(logger.atWarn(), open)
				.log("[{}] {}; the rotation is not affected", this.settings.name(), ex.getMessage());
		}
	}

}
