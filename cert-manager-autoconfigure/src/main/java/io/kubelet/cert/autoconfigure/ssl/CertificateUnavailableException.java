package io.kubelet.cert.autoconfigure.ssl;

import java.time.Duration;
import java.util.Optional;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;

/**
 * Reports that there was no certificate when the application started.
 */
final class CertificateUnavailableException extends CertificateManagerException {

	private static final String APPROVE = "Have the request approved. cert-manager does that by default, so make sure that it runs ('kubectl get pods --namespace cert-manager'). "
			+ "If another approver takes its place, make sure that this one runs, and that its policy allows the request.";

	private static final String CHECK_SIGNER = "make sure that the signer or issuer exists and that it runs.";

	private final @Nullable String action;

	private CertificateUnavailableException(Kind kind, String message, @Nullable Throwable cause) {
		this(kind, message, cause, null);
	}

	private CertificateUnavailableException(Kind kind, String message, @Nullable Throwable cause,
			@Nullable String action) {
		super(kind, message, cause);
		this.action = action;
	}

	/** What to do, {@code null} if the kind of the failure says it. */
	@Nullable String action() {
		return this.action;
	}

	/**
	 * An approved request lacks only its signature, for which its issuer may not exist.
	 */
	private static @Nullable String action(CertificateSettings settings, @Nullable ConfirmedRequest pending) {
		CertificateSettings.Issuer issuer = settings.request().issuer();
		if (pending == null || !pending.conditions().contains("Approved")) {
			return (pending != null && issuer != null) ? APPROVE : null;
		}
		if (issuer == null || pending.message().isEmpty()) {
			return "The request is approved: " + CHECK_SIGNER;
		}
		return "The request is approved, but not signed: %s. Correct '%s' (%s) and '%s' (%s) if they are wrong; otherwise, %s"
			.formatted(pending.message(), settings.properties().of("issuer.name"), issuer.reference().name(),
					settings.properties().of("issuer.kind"), issuer.reference().kind(), CHECK_SIGNER);
	}

	static CertificateUnavailableException timedOut(CertificateSettings settings, Duration timeout,
			CertificateStatus status) {
		if (status.schedule().deadline() == null) {
			return absent(settings, status);
		}
		String message = "Certificate '%s' was not issued within %s ('%s') by %s".formatted(settings.name(),
				ReadableDuration.of(timeout), settings.properties().of("startup.timeout"), signer(settings));
		CertificateStatus.Failure failure = status.lastFailure();
		ConfirmedRequest pending = status.pendingRequest();
		if (status.health().waitingFor() != null && status.requested().template() == null) {
			return new CertificateUnavailableException(Kind.OTHER,
					"%s. It waits for %s: make sure that this becomes known, or choose another source of addresses with '%s'"
						.formatted(message, status.health().waitingFor(), settings.properties().of("addresses.source")),
					null);
		}
		if (failure != null) {
			Kind kind = Kind.of(failure.cause());
			return new CertificateUnavailableException(kind,
					message + ". Attempt %d failed: %s".formatted(failure.attempt(), failure.summary()),
					failure.cause(), (kind == Kind.TIMED_OUT) ? action(settings, pending) : null);
		}
		return (pending == null)
				? new CertificateUnavailableException(Kind.UNAVAILABLE,
						message + ". The API server has not answered the request yet", null)
				: new CertificateUnavailableException(Kind.TIMED_OUT,
						message + ". Request " + pending.name() + " "
								+ pending.waitingFor(settings.request().requested().signer()),
						null, action(settings, pending));
	}

	static CertificateUnavailableException failed(CertificateSettings settings, CertificateStatus.Failure failure,
			CertificateStatus status) {
		return new CertificateUnavailableException(Kind.of(failure.cause()),
				"Could not obtain certificate '%s' from %s: %s".formatted(settings.name(), signer(settings),
						failure.summary()),
				failure.cause());
	}

	private static String signer(CertificateSettings settings) {
		String origin = settings.request().requested().signerOrigin();
		return settings.request().requested().signer().describe() + ((origin != null) ? " (from " + origin + ")" : "");
	}

	static CertificateUnavailableException absent(CertificateSettings settings, CertificateStatus status) {
		CertificatePair stored = status.pair();
		String problem = status.health().storeProblem();
		CertificateSettings.Storage storage = settings.storage();
		Object place = (storage.secret() != null) ? storage.secret()
				: (storage.initialPair() != null) ? storage.initialPair() : storage.certDir();
		String why = (stored != null)
				? " (the stored one is valid from %s to %s)".formatted(stored.notBefore(), stored.notAfter())
				: Optional.ofNullable(storage.initialPair())
					.flatMap(PairLocation::missingHalf)
					.map((file) -> file + " is missing")
					.or(() -> Optional.ofNullable(problem))
					.or(() -> Optional.ofNullable((storage.initialPair() != null) ? "there is no such file" : null))
					.map(" (%s)"::formatted)
					.orElse("");
		String action = (place != storage.initialPair()) ? null
				: "Make sure that '%s' and, if the key is in another file, '%s' name existing files, that this process can read them, and that they are complete."
					.formatted(settings.properties().of("tls-cert-file"),
							settings.properties().of("tls-private-key-file"));
		return new CertificateUnavailableException(Kind.STORE,
				"There is no valid certificate '%s' in %s%s, and its rotation is off (%s): put a pair there, or set '%s' to true"
					.formatted(settings.name(), place, why, settings.rotation().origin(),
							settings.properties().of("rotate-certificates")),
				null, action);
	}

}
