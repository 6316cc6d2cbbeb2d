package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.core.DueNotices;
import io.kubelet.cert.rotation.core.Notices.Notice;
import io.kubelet.cert.rotation.core.Notices.Waiting;
import io.kubelet.cert.rotation.core.Pending;
import io.kubelet.cert.rotation.core.State;
import org.slf4j.event.Level;

/**
 * Logs what is not as it should be with a certificate, and tells listeners of it.
 *
 * @param settings the settings
 * @param delivery reaches the listeners
 * @param state what is known
 * @param now the current time
 */
record NoticeLog(RotationSettings settings, Consumer<RotationEvent> delivery, State state, Instant now) {

	void report(Notice notice) {
		CertificatePair pair = this.state.pair();
		switch (notice) {
			case WAITING, WAITING_FOR_LONG, UNATTENDED -> ofRequest(notice);
			case UNAVAILABLE -> {
				RotationLog.about(this.settings, Level.ERROR)
					.log("[{}] There has been no valid certificate since {}, although the API server is healthy: servers fail "
							+ "TLS handshakes, and clients present no certificate. {}",
							this.state.notices().invalidSince(), whatNext());
				this.delivery.accept(new RotationEvent.Unavailable(this.settings.name()));
			}
			case EXPIRED -> expired(Objects.requireNonNull(pair));
			case NOT_YET_VALID -> notYetValid(Objects.requireNonNull(pair));
			case OVERDUE -> overdue(Objects.requireNonNull(pair));
		}
	}

	private void overdue(CertificatePair pair) {
		RotationLog.about(this.settings, Level.WARN, pair)
			.log("[{}] The certificate is overdue for rotation; it is valid until {}. No connection is affected yet. {}",
					pair.notAfter(), whatNext());
		this.delivery.accept(new RotationEvent.Overdue(this.settings.name(), pair));
	}

	private void notYetValid(CertificatePair pair) {
		RotationLog.about(this.settings, this.settings.off() ? Level.ERROR : Level.WARN, pair)
			.log("[{}] The certificate is not valid before {}, and it is {} now: peers refuse it until then. "
					+ "Check the clock of this machine. {}", pair.notBefore(), this.now.truncatedTo(ChronoUnit.SECONDS),
					whatNext());
		this.delivery.accept(new RotationEvent.NotYetValid(this.settings.name(), pair));
	}

	/** A pair that is found expired was stored. */
	private void expired(CertificatePair pair) {
		if (this.state.notices().foundExpired() && !this.settings.off()) {
			RotationLog.about(this.settings, Level.WARN, pair)
				.log("[{}] The stored certificate expired at {}: a new one is being requested", pair.notAfter());
		}
		else {
			RotationLog.about(this.settings, Level.ERROR, pair)
				.log("[{}] The certificate expired at {}: new TLS connections that present it fail until it is replaced. {}",
						pair.notAfter(), whatNext());
		}
		this.delivery.accept(new RotationEvent.Expired(this.settings.name(), pair));
	}

	private void ofRequest(Notice notice) {
		Pending pending = Objects.requireNonNull(this.state.attempted());
		CertificateRequest request = pending.request().request();
		Waiting waiting = Objects.requireNonNull(this.state.notices().waiting());
		String waited = ReadableDuration.of(Duration.between(waiting.since(), this.now));
		String origin = this.settings.request().signerOrigin();
		switch (notice) {
			case WAITING -> RotationLog.about(this.settings, Level.INFO, request)
				.log("[{}] Request {} to {}{}, created {} ago, is waiting for {}", request.name(),
						request.signer().describe(), (origin != null) ? " (from " + origin + ")" : "", waited,
						waitsFor(pending));
			case UNATTENDED -> RotationLog.about(this.settings, Level.WARN, request)
				.log("[{}] Request {} to {} has been waiting for {}: {}", request.name(), request.signer().describe(),
						ReadableDuration.of(DueNotices.UNATTENDED_AFTER), Signer.Issuer.UNATTENDED);
			default -> RotationLog.about(this.settings, Level.WARN, request)
				.log("[{}] Request {} to {} has been waiting for {}, and the certificate is valid for only another {}: {}",
						request.name(), request.signer().describe(), waited,
						ReadableDuration
							.of(Duration.between(this.now, Objects.requireNonNull(this.state.pair()).notAfter())),
						whatToDo(pending));
		}
	}

	/** The end of a message: what is done about it, or what somebody can do. */
	private String whatNext() {
		Pending attempted = this.state.attempted();
		if (!this.settings.off() && attempted != null && attempted.request().request().uid() != null) {
			CertificateRequest request = attempted.request().request();
			return "Request %s to %s waits for %s".formatted(request.name(), request.signer().describe(),
					waitsFor(attempted));
		}
		if (!this.settings.off() && this.state.past().lastFailure() != null) {
			return "The application keeps trying. See 'lastFailure' in the endpoint, or the last failed attempt in this log";
		}
		if (this.state.policy().keepsValidPair()) {
			return "Rotation is off: replace the stored pair";
		}
		Instant deadline = this.state.deadline(this.now);
		return deadline.isAfter(this.now) ? "A new one is requested at " + deadline.truncatedTo(ChronoUnit.SECONDS)
				: "A new one is being requested";
	}

	/** What a request waits for, and what somebody can do. */
	private static String waitsFor(Pending pending) {
		return (isApproved(pending) ? "its signature: " : "approval and signature: ") + whatToDo(pending);
	}

	private static String whatToDo(Pending pending) {
		CertificateRequest request = pending.request().request();
		String namespace = (pending.object() != null) ? pending.object().namespace() : "";
		String name = String.valueOf(request.name());
		return isApproved(pending) ? request.signer().howToDescribe(namespace, name)
				: request.signer().howToWatch(namespace, name);
	}

	private static boolean isApproved(Pending pending) {
		return pending.object() != null && pending.object().conditions().contains("Approved");
	}

}
