package io.kubelet.cert.autoconfigure;

import java.time.Duration;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.OpenRequest;
import io.kubelet.cert.rotation.RotationFailure;
import org.jspecify.annotations.Nullable;

/**
 * There was no certificate when the application started.
 */
final class CertificateUnavailableException extends CertificateManagerException {

	private final CertificateSettings settings;

	private final Situation situation;

	private CertificateUnavailableException(CertificateSettings settings, String message, @Nullable Throwable cause,
			Situation situation) {
		super(message, cause);
		this.settings = settings;
		this.situation = situation;
	}

	CertificateSettings settings() {
		return this.settings;
	}

	Situation situation() {
		return this.situation;
	}

	static CertificateUnavailableException timedOut(CertificateSettings settings, Duration timeout,
			CertificateStatus status) {
		RotationFailure failure = status.lastFailure();
		OpenRequest openRequest = status.openRequest();
		String message = "Certificate '%s' was not issued within %s (%s)".formatted(settings.name(), timeout,
				settings.property("startup.timeout"));
		if (status.waitingFor() != null) {
			message += ". It waits for " + status.waitingFor();
		}
		else if (failure != null) {
			message += ". Attempt %d failed: %s".formatted(failure.attempt(), failure.message());
		}
		else if (openRequest != null && openRequest.name() != null) {
			message += ". Request %s waits for its approval: see 'kubectl get csr %s'".formatted(openRequest.name(),
					openRequest.name());
		}
		return new CertificateUnavailableException(settings, message, (failure != null) ? failure.cause() : null,
				(status.waitingFor() != null) ? Situation.UNKNOWN : Situation.REQUESTED);
	}

	static CertificateUnavailableException failed(CertificateSettings settings, RotationFailure failure) {
		return new CertificateUnavailableException(settings,
				"Certificate '%s' cannot be had: %s".formatted(settings.name(), failure.message()), failure.cause(),
				Situation.REQUESTED);
	}

	static CertificateUnavailableException absent(CertificateSettings settings) {
		Object place = (settings.tlsCertFile() != null) ? settings.tlsCertFile() : settings.certDir();
		String off = (settings.properties().rotateCertificates() != null)
				? settings.property("rotate-certificates") + "=false" : "by the kubelet's configuration file";
		return new CertificateUnavailableException(settings,
				"There is no valid certificate '%s' in %s, and its rotation is off (%s)".formatted(settings.name(),
						place, off),
				null, Situation.OFF);
	}

	/**
	 * How far it came.
	 */
	enum Situation {

		/** Nothing is requested. */
		OFF,

		/** It is not known yet what to request. */
		UNKNOWN,

		/** It was requested, or an attempt was made to. */
		REQUESTED

	}

}
