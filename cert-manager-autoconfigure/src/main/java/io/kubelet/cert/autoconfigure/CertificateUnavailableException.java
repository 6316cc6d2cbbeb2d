package io.kubelet.cert.autoconfigure;

import java.time.Duration;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.OpenRequest;
import io.kubelet.cert.rotation.RotationFailure;
import org.jspecify.annotations.Nullable;

/**
 * Reports that there was no certificate when the application started.
 */
public final class CertificateUnavailableException extends CertificateManagerException {

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

	public static CertificateUnavailableException timedOut(CertificateSettings settings, Duration timeout,
			CertificateStatus status) {
		RotationFailure failure = status.lastFailure();
		Situation situation = situation(status);
		String message = "Certificate '%s' was not issued within %s ('%s') by %s".formatted(settings.name(),
				ReadableDuration.of(timeout), settings.property("startup.timeout"), settings.request().signer());
		if (status.waitingFor() != null) {
			message += ". It waits for " + status.waitingFor();
		}
		else if (failure != null) {
			message += ". Attempt %d failed: %s".formatted(failure.attempt(), failure.message());
		}
		else if (situation == Situation.UNANSWERED) {
			message += ". The API server has not answered the request yet";
		}
		else if (status.openRequest() != null) {
			message += describe(status.openRequest());
		}
		return new CertificateUnavailableException(settings, message, (failure != null) ? failure.cause() : null,
				situation);
	}

	private static Situation situation(CertificateStatus status) {
		if (status.waitingFor() != null) {
			return Situation.UNKNOWN;
		}
		OpenRequest open = status.openRequest();
		return (status.lastFailure() == null && (open == null || open.createdAt() == null)) ? Situation.UNANSWERED
				: Situation.REQUESTED;
	}

	private static String describe(OpenRequest open) {
		return (open.conditions().contains("Approved")
				? ". Request %1$s is approved and waits for its signature: see 'kubectl get csr %1$s'"
				: ". Request %1$s waits for approval: see 'kubectl get csr %1$s'")
			.formatted(open.name());
	}

	public static CertificateUnavailableException failed(CertificateSettings settings, RotationFailure failure) {
		return new CertificateUnavailableException(settings, "Could not obtain certificate '%s' from %s: %s".formatted(
				settings.name(), settings.request().signer(), failure.message()), failure.cause(), Situation.REQUESTED);
	}

	public static CertificateUnavailableException absent(CertificateSettings settings) {
		return new CertificateUnavailableException(
				settings, "There is no valid certificate '%s' in %s, and its rotation is off (%s)"
					.formatted(settings.name(), settings.storage().place(), settings.rotation().origin()),
				null, Situation.OFF);
	}

	/**
	 * Why there is no certificate.
	 */
	enum Situation {

		/** Nothing is requested. */
		OFF,

		/** It is not known yet what to request. */
		UNKNOWN,

		/** The API server has not confirmed the request. */
		UNANSWERED,

		/** It was requested, or an attempt was made. */
		REQUESTED

	}

}
