package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs the rotations of a certificate.
 */
record RotationLog(RotationSettings settings) {

	private static final Logger logger = LoggerFactory.getLogger(RotationLog.class);

	void requested() {
		this.settings.about(logger.atInfo()).log("[{}] A rotation is requested", this.settings.name());
	}

	/** Somebody who deletes a request is no danger; somebody who replaces it may be. */
	void lost(CertificateRequest request, RequestException cause) {
		this.settings.about("Gone".equals(cause.reason()) ? logger.atInfo() : logger.atWarn(), request)
			.log("[{}] {}; a new request follows", this.settings.name(), cause.getMessage());
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
			case RESUMED -> "Rotated because an earlier process had left a request";
			case EXPIRED -> "Rotated after the expiry";
			case NOT_YET_VALID -> "Rotated because the certificate was not valid yet";
		};
	}

}
