package io.kubelet.cert.autoconfigure.ssl;

import java.time.Duration;
import java.util.Optional;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;

/**
 * Reports that there was no certificate when the application started.
 */
final class CertificateUnavailableException extends CertificateManagerException {

	private final CertificateSettings settings;

	private final @Nullable String action;

	private CertificateUnavailableException(CertificateSettings settings, String message, @Nullable Throwable cause,
			@Nullable String action) {
		super(message, cause);
		this.settings = settings;
		this.action = action;
	}

	CertificateSettings settings() {
		return this.settings;
	}

	/** Returns what to do, {@code null} if that depends on the cause. */
	@Nullable String action() {
		return this.action;
	}

	static CertificateUnavailableException timedOut(CertificateSettings settings, Duration timeout,
			CertificateStatus status) {
		CertificateStatus.Failure failure = status.lastFailure();
		ConfirmedRequest pending = status.pendingRequest();
		String signer = signer(settings, status);
		String message = "Certificate '%s' was not issued within %s ('%s') by %s".formatted(settings.name(),
				ReadableDuration.of(timeout), settings.properties().of("startup.timeout"), signer);
		if (status.health().waitingFor() != null) {
			return new CertificateUnavailableException(settings,
					message + ". It waits for " + status.health().waitingFor(),
					(failure != null) ? failure.cause() : null,
					"Make sure that this becomes known, or choose another source of addresses with '%s'."
						.formatted(settings.properties().of("addresses.source")));
		}
		if (failure != null) {
			return new CertificateUnavailableException(settings,
					message + ". Attempt %d failed: %s".formatted(failure.attempt(), failure.summary()),
					failure.cause(), null);
		}
		if (pending == null) {
			return new CertificateUnavailableException(settings,
					message + ". The API server has not answered the request yet", null,
					"Make sure that the API server runs, with the webhooks that it calls, and that this machine can reach it, or increase '%s'."
						.formatted(settings.properties().of("startup.timeout")));
		}
		boolean absent = pending.conditions().contains("Approved") || !pending.message().isEmpty();
		return new CertificateUnavailableException(settings,
				message + ". Request " + pending.name() + " " + pending.waitingFor(status.requested().signerName()),
				null,
				absent ? "Make sure that %s exists in the cluster, or set '%s' to one that does.".formatted(signer,
						settings.properties().of((settings.request().issuer() != null) ? "issuer.name" : "signer-name"))
						: null);
	}

	static CertificateUnavailableException failed(CertificateSettings settings, CertificateStatus.Failure failure,
			CertificateStatus status) {
		return new CertificateUnavailableException(settings, "Could not obtain certificate '%s' from %s: %s"
			.formatted(settings.name(), signer(settings, status), failure.summary()), failure.cause(), null);
	}

	/** A manager of the application may have one that no property names. */
	private static String signer(CertificateSettings settings, CertificateStatus status) {
		CertificateSettings.Request request = settings.request();
		String origin = request.wanted().signerOrigin();
		return (origin == null) ? "signer '" + status.requested().signerName() + "'" : "%s '%s' (from %s)"
			.formatted((request.issuer() != null) ? "issuer" : "signer", request.wanted().signerName(), origin);
	}

	static CertificateUnavailableException absent(CertificateSettings settings, CertificateStatus status) {
		String why = Optional.ofNullable(status.pair()).map((pair) -> switch (status.state()) {
			case NOT_YET_VALID ->
				" (the stored one is not valid before %s: check the clock of this machine)".formatted(pair.notBefore());
			default -> " (the stored one expired at %s)".formatted(pair.notAfter());
		})
			.or(() -> Optional.ofNullable(settings.storage().initialPair())
				.flatMap(PairLocation::missingHalf)
				.map((file) -> " (" + file + " is missing)"))
			.orElse("");
		CertificateSettings.Storage storage = settings.storage();
		Object place = (storage.secret() != null) ? storage.secret()
				: (storage.initialPair() != null) ? storage.initialPair() : storage.certDir();
		return new CertificateUnavailableException(settings,
				"There is no valid certificate '%s' in %s%s, and its rotation is off (%s)".formatted(settings.name(),
						place, why, settings.rotation().origin()),
				null,
				"Put a pair there, or set '%s' to true.".formatted(settings.properties().of("rotate-certificates")));
	}

}
