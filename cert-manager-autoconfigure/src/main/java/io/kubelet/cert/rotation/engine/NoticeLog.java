package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.core.Notices.Notice;
import io.kubelet.cert.rotation.core.Notices.Waiting;
import io.kubelet.cert.rotation.core.Pending;
import io.kubelet.cert.rotation.core.State;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs what is not as it should be with a certificate, and tells listeners of it.
 */
final class NoticeLog {

	private static final Logger logger = LoggerFactory.getLogger(NoticeLog.class);

	private final RotationSettings settings;

	private final Delivery delivery;

	private final State state;

	private final Instant now;

	private NoticeLog(RotationSettings settings, Delivery delivery, State state, Instant now) {
		this.settings = settings;
		this.delivery = delivery;
		this.state = state;
		this.now = now;
	}

	static void report(RotationSettings settings, Delivery delivery, Notice notice, State state, Instant now) {
		new NoticeLog(settings, delivery, state, now).report(notice);
	}

	private void report(Notice notice) {
		switch (notice) {
			case OVERDUE -> overdue(pair());
			case NOT_YET_VALID -> notYetValid(pair());
			case EXPIRED -> expired(pair());
			case UNAVAILABLE -> unavailable();
			case WAITING -> waiting(Objects.requireNonNull(pendingRequest()));
			case UNATTENDED -> unattended(Objects.requireNonNull(pendingRequest()));
			case WAITING_FOR_LONG -> waitingForLong(Objects.requireNonNull(pendingRequest()), pair());
		}
	}

	private CertificatePair pair() {
		return Objects.requireNonNull(this.state.pair());
	}

	private void overdue(CertificatePair pair) {
		RotationLog.about(this.settings, logger.atWarn(), pair)
			.log("[{}] The certificate is overdue for rotation; it is valid until {}. No connection is affected yet. {}",
					pair.notAfter(), whatNext());
		this.delivery.deliver(new RotationEvent.Overdue(this.settings.name(), pair));
	}

	private void notYetValid(CertificatePair pair) {
		RotationLog.about(this.settings, this.settings.off() ? logger.atError() : logger.atWarn(), pair)
			.log("[{}] The certificate is not valid before {}, and it is {} now: peers refuse it until then. "
					+ "Check the clock of this machine. {}", pair.notBefore(), this.now.truncatedTo(ChronoUnit.SECONDS),
					whatNext());
		this.delivery.deliver(new RotationEvent.NotYetValid(this.settings.name(), pair));
	}

	/** A pair that is found expired was stored. */
	private void expired(CertificatePair pair) {
		if (this.state.notices().foundExpired() && !this.settings.off()) {
			RotationLog.about(this.settings, logger.atWarn(), pair)
				.log("[{}] The stored certificate expired at {}: a new one is being requested", pair.notAfter());
		}
		else {
			RotationLog.about(this.settings, logger.atError(), pair)
				.log("[{}] The certificate expired at {}: new TLS connections that present it fail until it is replaced. {}",
						pair.notAfter(), whatNext());
		}
		this.delivery.deliver(new RotationEvent.Expired(this.settings.name(), pair));
	}

	private void unavailable() {
		RotationLog.about(this.settings, logger.atError())
			.log("[{}] There has been no valid certificate since {}, although the API server is healthy: servers fail "
					+ "TLS handshakes, and clients present no certificate. {}", this.state.notices().invalidSince(),
					whatNext());
		this.delivery.deliver(new RotationEvent.Unavailable(this.settings.name()));
	}

	private void waiting(CertificateRequest request) {
		about(logger.atInfo(), request)
			.log("[{}] Request {} to {}{}, created {} ago, is waiting for approval and signature: {}", request.name(),
					request.signer().describe(),
					(this.settings.request().signerOrigin() != null)
							? " (from " + this.settings.request().signerOrigin() + ")" : "",
					waited(), howToWatch(request));
	}

	private void waitingForLong(CertificateRequest request, CertificatePair pair) {
		about(logger.atWarn(), request).log(
				"[{}] Request {} to {} has been waiting for {}, and the certificate is valid for only another {}: {}",
				request.name(), request.signer().describe(), waited(),
				ReadableDuration.of(Duration.between(this.now, pair.notAfter())), howToWatch(request));
	}

	private void unattended(CertificateRequest request) {
		about(logger.atWarn(), request).log("[{}] Request {} to {} has been waiting for {}: {}", request.name(),
				request.signer().describe(), ReadableDuration.of(Waiting.UNATTENDED_AFTER), Signer.Issuer.UNATTENDED);
	}

	private LoggingEventBuilder about(LoggingEventBuilder entry, CertificateRequest request) {
		return RotationLog.about(this.settings, entry, request);
	}

	private String waited() {
		Waiting waiting = Objects.requireNonNull(this.state.notices().waiting());
		return ReadableDuration.of(Duration.between(waiting.since(), this.now));
	}

	/** The end of a message: what is done about it, or what somebody can do. */
	private String whatNext() {
		if (this.settings.off()) {
			return "Rotation is off: replace the stored pair";
		}
		CertificateRequest pending = pendingRequest();
		if (pending != null && pending.uid() != null) {
			return "Request %s to %s waits for approval and signature: %s".formatted(pending.name(),
					pending.signer().describe(), howToWatch(pending));
		}
		return (this.state.past().lastFailure() != null)
				? "The application keeps trying. See 'lastFailure' in the endpoint, or the last failed attempt in this log"
				: this.state.policy().keepsValidPair() ? "Rotation is off: replace the stored pair"
						: this.state.deadline(this.now).isAfter(this.now)
								? "A new one is requested at "
										+ this.state.deadline(this.now).truncatedTo(ChronoUnit.SECONDS)
								: "A new one is being requested";
	}

	/** The request for which an attempt waits. */
	private @Nullable CertificateRequest pendingRequest() {
		Pending pending = (this.state.attempt() != null) ? this.state.pending() : null;
		return (pending != null) ? pending.request().request() : null;
	}

	private String howToWatch(CertificateRequest request) {
		Pending pending = this.state.pending();
		return request.signer()
			.howToWatch((pending != null && pending.object() != null) ? pending.object().namespace() : "",
					String.valueOf(request.name()));
	}

}
