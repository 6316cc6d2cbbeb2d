package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs the rotations of a certificate.
 */
record RotationLog(RotationSettings settings) {

	private static final Logger logger = LoggerFactory.getLogger(RotationLog.class);

	/** The rotation starts with a stored pair, or without one. */
	void started(@Nullable CertificatePair pair, Instant next, Instant now) {
		boolean off = next.equals(Instant.MAX);
		if (pair != null && pair.isValid(now)) {
			this.settings.about(logger.atInfo(), pair)
				.log("[{}] Using the stored certificate {}, valid until {}{}", this.settings.name(),
						pair.serialNumber(), pair.notAfter(), off ? "; rotation is off" : ", next rotation "
								+ (next.isAfter(now) ? next.truncatedTo(ChronoUnit.SECONDS) : "now"));
		}
		else if (pair == null && off) {
			this.settings.about(logger.atWarn())
				.log("[{}] There is no stored certificate, and rotation is off: a pair is used as soon as another program stores it",
						this.settings.name());
		}
	}

	void weakKey(CertificatePair pair) {
		this.settings.about(logger.atWarn(), pair)
			.log("[{}] The key of the certificate ({}) is weak: peers may refuse it. Use at least RSA 2048 or EC P-256",
					this.settings.name(), KeySpecification.describe(pair.leaf().getPublicKey()));
	}

	void notStored(CertificatePair bootstrap, StoreException cause) {
		this.settings.about(logger.atWarn(), bootstrap)
			.log("[{}] The bootstrap pair is used, but could not be stored: {}", this.settings.name(),
					cause.getMessage());
	}

	/**
	 * What follows from a stored pair that is damaged: the one in use is in memory only.
	 */
	String remedy(@Nullable Trigger forced) {
		if (this.settings.signers() == null) {
			return "A restart finds only what is stored: repair it";
		}
		return (forced == Trigger.DAMAGED) ? "A rotation begins, which stores a new pair"
				: "A restart finds only what is stored: repair it, or rotate (POST /actuator/certificates/%s) to store a new pair"
					.formatted(this.settings.name());
	}

	void requested() {
		this.settings.about(logger.atInfo()).log("[{}] A rotation is requested", this.settings.name());
	}

	/** Somebody who deletes a request is no danger; somebody who replaces it may be. */
	void lost(CertificateRequest request, RequestException cause) {
		this.settings.about("Gone".equals(cause.reason()) ? logger.atInfo() : logger.atWarn(), request)
			.log("[{}] {}; a new request follows", this.settings.name(), cause.getMessage());
	}

	void abandoned(CertificateRequest request) {
		this.settings.about(logger.atInfo(), request)
			.log("[{}] Request {} to {} asks for something else than is configured now: it is abandoned, and a new one follows",
					this.settings.name(), request.name(), IssuerReference.describe(request.signerName()));
	}

	void pending(CertificateRequest request, SubmittedRequest submitted) {
		this.settings.about(logger.atInfo(), request)
			.log("[{}] Request {} to {} is pending: {}", this.settings.name(), submitted.name(),
					IssuerReference.describe(request.signerName()), submitted.message());
	}

	void joined(CertificateRequest request, boolean sameTemplate) {
		this.settings.about(logger.atInfo(), request)
			.log("[{}] Another replica has stored request {}{}: its certificate is used as soon as it is issued",
					this.settings.name(), request.name(),
					sameTemplate ? "" : ", which has the template of a replica that was started later");
	}

	void adopted(CertificatePair pair, boolean byReplica, List<String> differences) {
		this.settings.about(differences.isEmpty() ? logger.atInfo() : logger.atWarn(), pair)
			.log("[{}] Another {} stored a pair, which is used now: serial number {}, valid until {}{}",
					this.settings.name(), byReplica ? "replica" : "program", pair.serialNumber(), pair.notAfter(),
					differences.isEmpty() ? ""
							: ". It was started later and has another template, or is another application, which needs its own 'store.secret': "
									+ String.join("; ", differences));
	}

	void storedByReplica(CertificatePair pair, Trigger trigger) {
		this.settings.about(logger.atInfo(), pair)
			.addKeyValue("kubelet.cert.trigger", trigger)
			.log("[{}] {}: the certificate was stored by another replica", this.settings.name(), inWords(trigger));
	}

	void rotated(CertificatePair issued, List<String> additionalNames, CertificateRequest request, Trigger trigger,
			Instant deadline) {
		this.settings.about(logger.atInfo(), issued)
			.addKeyValue("kubelet.cert.request", request.name())
			.addKeyValue("kubelet.cert.signer", request.signerName())
			.addKeyValue("kubelet.cert.trigger", trigger)
			.log("[{}] {}: serial number {}, valid until {}, next rotation {} (request {} to {})", this.settings.name(),
					inWords(trigger), issued.serialNumber(), issued.notAfter(),
					this.settings.once() ? "none, because rotation is off" : deadline.truncatedTo(ChronoUnit.SECONDS),
					request.name(), IssuerReference.describe(request.signerName()));
		if (!additionalNames.isEmpty()) {
			this.settings.about(logger.atWarn(), issued)
				.log("[{}] The certificate has names that were not requested: {}. Peers accept the application under these names too. If they are not meant, have the signer leave them out",
						this.settings.name(), additionalNames);
		}
	}

	private static String inWords(Trigger trigger) {
		return switch (trigger) {
			case FIRST -> "Obtained the first certificate";
			case DEADLINE -> "Rotated at the deadline";
			case TEMPLATE -> "Rotated to match the template";
			case REQUESTED -> "Rotated on request";
			case RESUMED -> "Rotated because another process had requested it";
			case EXPIRED -> "Rotated after the expiry";
			case NOT_YET_VALID -> "Rotated because the certificate was not valid yet";
			case DAMAGED -> "Rotated because the stored pair was damaged";
		};
	}

}
