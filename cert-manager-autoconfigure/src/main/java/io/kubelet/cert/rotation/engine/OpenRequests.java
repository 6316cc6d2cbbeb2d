package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
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
final class OpenRequests {

	private static final Logger logger = LoggerFactory.getLogger(OpenRequests.class);

	private final RotationSettings settings;

	private @Nullable CertificateRequest open;

	private List<String> conditions = List.of();

	/** When this process sent the pending request for the first time. */
	private @Nullable Instant sentAt;

	OpenRequests(RotationSettings settings) {
		this.settings = settings;
		this.open = (settings.signers() != null) ? settings.store().openRequest().orElse(null) : null;
	}

	@Nullable CertificateRequest current() {
		return this.open;
	}

	/** The types of the conditions of the pending request's object. */
	List<String> conditions() {
		return this.conditions;
	}

	/**
	 * Deletes the pending request if the pair is the answer to it, such as one that was
	 * stored by another process, or by one that ended before it could delete the request.
	 */
	void dropIfAnswered(@Nullable CertificatePair pair) {
		CertificateRequest open = this.open;
		if (open != null && pair != null && !isFor(open, pair)
				&& Arrays.equals(pair.leaf().getPublicKey().getEncoded(), open.publicKey().getEncoded())) {
			drop();
		}
	}

	/**
	 * Returns whether a rotation is due because an earlier process has left a request,
	 * and the pair is still the one that it is to replace.
	 */
	boolean isLeftOver(@Nullable CertificateTemplate template, @Nullable CertificatePair pair) {
		CertificateRequest open = this.open;
		return open != null && pair != null && this.sentAt == null && isFor(open, pair)
				&& open.template().equals(template);
	}

	private static boolean isFor(CertificateRequest open, CertificatePair pair) {
		return pair.serialNumber().equals(open.replaces());
	}

	/**
	 * Returns the pending request if it asks for the template, otherwise a new one in its
	 * place.
	 * @param pair the pair to be replaced, {@code null} if there is none
	 */
	CertificateRequest forTemplate(CertificateTemplate template, @Nullable CertificatePair pair, Instant now) {
		CertificateRequest open = this.open;
		String replaces = (pair != null) ? pair.serialNumber() : null;
		if (open != null && asksFor(open, template)) {
			this.sentAt = (this.sentAt != null) ? this.sentAt : now;
			return Objects.equals(open.replaces(), replaces) ? open
					: save(open.createdFor(this.settings.key(), replaces));
		}
		KeyPair keys = this.settings.keys().generate(this.settings.key());
		List<Usage> usages = this.settings.usages().apply(template, keys.getPublic());
		String name = this.settings.naming().name(keys.getPublic(), template, usages);
		CertificateRequest request = CertificateRequests
			.create(name, template, this.settings.signerName(), usages, this.settings.requestedLifetime(), keys)
			.createdFor(this.settings.key(), replaces);
		save(request);
		if (open != null) {
			this.settings.about(logger.atInfo(), open)
				.log("[{}] Request {} to signer {} asks for something else than is configured now: it is abandoned, and a new one follows",
						this.settings.name(), open.name(), open.signerName());
		}
		this.conditions = List.of();
		this.sentAt = now;
		return request;
	}

	private CertificateRequest save(CertificateRequest request) {
		this.settings.store().saveOpenRequest(request);
		this.open = request;
		return request;
	}

	private boolean asksFor(CertificateRequest open, CertificateTemplate template) {
		return open.asksFor(template, this.settings.signerName(),
				this.settings.usages().apply(template, open.publicKey()), this.settings.requestedLifetime(),
				this.settings.key());
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
		CertificateRequest open = this.open;
		return (open != null && open.uid() != null) ? open.name() : null;
	}

	/**
	 * Remembers the object that the signer created for the pending request. It is not
	 * stored again: after a restart the signer finds the object by its name.
	 */
	void confirm(SubmittedRequest submitted) {
		this.conditions = submitted.conditions();
		CertificateRequest open = this.open;
		if (open != null && !submitted.uid().equals(open.uid())) {
			this.open = open.confirmed(submitted.name(), submitted.uid(), submitted.createdAt());
		}
	}

	/**
	 * Deletes the pending request if a failure ends it. A rejection does not end a
	 * request whose object exists already.
	 */
	void failed(Kind kind) {
		boolean ends = kind.recovery() == Recovery.RETRY_SLOWLY || kind.recovery() == Recovery.START_OVER;
		if (ends && (kind != Kind.REJECTED || confirmedName() == null)) {
			drop();
		}
	}

	/** Deletes the pending request: it was answered or no longer exists. */
	void drop() {
		CertificateRequest open = this.open;
		this.open = null;
		this.sentAt = null;
		if (open == null) {
			return;
		}
		try {
			this.settings.store().deleteOpenRequest(open);
		}
		catch (StoreException ex) {
			this.settings.about(logger.atWarn(), open)
				.log("[{}] {}; the rotation is not affected", this.settings.name(), ex.getMessage());
		}
	}

}
