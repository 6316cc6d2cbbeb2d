package io.kubelet.cert.autoconfigure;

import java.time.Duration;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.rotation.RotationFailure;
import org.jspecify.annotations.Nullable;

/**
 * There was no certificate when the application started.
 */
final class CertificateUnavailableException extends CertificateManagerException {

	private final CertificateSettings settings;

	private CertificateUnavailableException(CertificateSettings settings, String message, @Nullable Throwable cause) {
		super(message, cause);
		this.settings = settings;
	}

	CertificateSettings settings() {
		return this.settings;
	}

	static CertificateUnavailableException timedOut(CertificateSettings settings, Duration timeout,
			@Nullable RotationFailure failure, @Nullable String openRequest) {
		String message = "Certificate '%s' was not issued within %s (%s)".formatted(settings.name(), timeout,
				settings.property("startup.timeout"));
		if (failure != null) {
			message += ". Attempt %d failed: %s".formatted(failure.attempt(), failure.message());
		}
		else if (openRequest != null) {
			message += ". Request %s waits for its approval: see 'kubectl get csr %s'".formatted(openRequest,
					openRequest);
		}
		return new CertificateUnavailableException(settings, message, (failure != null) ? failure.cause() : null);
	}

	static CertificateUnavailableException failed(CertificateSettings settings, RotationFailure failure) {
		return new CertificateUnavailableException(settings,
				"Certificate '%s' cannot be had: %s".formatted(settings.name(), failure.message()), failure.cause());
	}

	static CertificateUnavailableException absent(CertificateSettings settings) {
		return new CertificateUnavailableException(settings,
				"There is no valid certificate '%s' in %s, and its rotation is off (%s=false)"
					.formatted(settings.name(), settings.certDir(), settings.property("rotate-certificates")),
				null);
	}

}
