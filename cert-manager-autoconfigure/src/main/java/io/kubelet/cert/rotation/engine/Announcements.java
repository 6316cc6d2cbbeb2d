package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ReadableDuration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports what only the passing of time brings, once each and at its time: a request that
 * waits, a certificate that is overdue or has expired, and that there has been none for
 * long. Used on the certificate's lane only.
 */
final class Announcements {

	private static final Logger logger = LoggerFactory.getLogger(Announcements.class);

	private static final Duration UNAVAILABLE_AFTER = Duration.ofMinutes(5);

	/** A request that is answered sooner is not worth a line. */
	private static final Duration ANSWERED_AT_ONCE = Duration.ofSeconds(1);

	/** "After" an instant begins with the next tick of this length. */
	private static final Duration TICK = Duration.ofMillis(1);

	private final RotationSettings settings;

	private final Delivery delivery;

	private @Nullable CertificatePair pair;

	private boolean overdue;

	private boolean expired;

	private @Nullable Instant invalidSince;

	private boolean unavailable;

	private @Nullable Waiting waiting;

	Announcements(RotationSettings settings, Delivery delivery) {
		this.settings = settings;
		this.delivery = delivery;
	}

	/** Whether it was reported that there has been no valid certificate for long. */
	boolean isUnavailable() {
		return this.unavailable;
	}

	/**
	 * Reports what has become due.
	 * @param pair the last pair, {@code null} if there is none yet
	 * @param pending the request that is waited for, {@code null} if there is none
	 * @param serverHealthy whether the API server answered the last attempt
	 */
	void review(@Nullable CertificatePair pair, @Nullable CertificateRequest pending, boolean serverHealthy,
			Instant now) {
		if (pair != this.pair) {
			this.pair = pair;
			// A pair that is not rotated never is
			this.overdue = this.settings.once();
			this.expired = false;
		}
		reviewWaiting(pair, pending, now);
		reviewUnavailable(pair == null || pair.isExpired(now), pending, serverHealthy, now);
		if (pair == null) {
			return;
		}
		if (!this.overdue && now.isAfter(this.settings.window().end(pair))) {
			this.overdue = true;
			this.settings.about(logger.atWarn(), pair)
				.log("[{}] The certificate is overdue for rotation; it is valid until {}. No connection is affected yet. {}",
						this.settings.name(), pair.notAfter(), whatNext(pending));
			this.delivery.deliver((listener) -> listener.overdue(this.settings.name(), pair));
		}
		if (!this.expired && pair.isExpired(now)) {
			this.expired = true;
			this.settings.about(logger.atError(), pair)
				.log("[{}] The certificate expired at {}: new TLS connections that present it fail until it is rotated. {}",
						this.settings.name(), pair.notAfter(), whatNext(pending));
			this.delivery.deliver((listener) -> listener.expired(this.settings.name(), pair));
		}
	}

	/** The end of a message: what is done about it, or what somebody can do. */
	private String whatNext(@Nullable CertificateRequest pending) {
		if (this.settings.signers() == null) {
			return "Rotation is off: replace the stored pair";
		}
		return (pending == null || pending.uid() == null)
				? "The application keeps trying. See 'lastFailure' in the endpoint, or the last failed attempt in this log"
				: "Request %1$s to signer %2$s waits for approval and signature: see 'kubectl describe csr %1$s'; approve it with 'kubectl certificate approve %1$s'"
					.formatted(pending.name(), pending.signerName());
	}

	private void reviewWaiting(@Nullable CertificatePair pair, @Nullable CertificateRequest pending, Instant now) {
		if (pending == null || pending.uid() == null) {
			// Between two attempts the request waits on
			return;
		}
		Waiting waiting = this.waiting;
		if (waiting == null || !pending.uid().equals(waiting.uid)) {
			this.waiting = new Waiting(pending.uid(), pending.createdAt(), pair, now);
		}
		else if (hasCome(waiting.tellAt, now)) {
			waiting.tellAt = null;
			this.settings.about(logger.atInfo(), pending)
				.log("[{}] Request {} to signer {}{}, created {} ago, is waiting for approval and signature: "
						+ "see 'kubectl describe csr {}', or approve it with 'kubectl certificate approve {}'",
						this.settings.name(), pending.name(), pending.signerName(),
						(this.settings.signerOrigin() != null) ? " (from " + this.settings.signerOrigin() + ")" : "",
						ReadableDuration.of(Duration.between(waiting.since, now)), pending.name(), pending.name());
		}
		else if (pair != null && hasCome(waiting.warnAt, now)) {
			waiting.warnAt = null;
			this.settings.about(logger.atWarn(), pending)
				.log("[{}] Request {} to signer {} has been waiting for {}, and the certificate is valid for only another {}. "
						+ "See 'kubectl describe csr {}'; approve it with 'kubectl certificate approve {}'",
						this.settings.name(), pending.name(), pending.signerName(),
						ReadableDuration.of(Duration.between(waiting.since, now)),
						ReadableDuration.of(Duration.between(now, pair.notAfter())), pending.name(), pending.name());
		}
	}

	private static boolean hasCome(@Nullable Instant at, Instant now) {
		return at != null && !now.isBefore(at);
	}

	private void reviewUnavailable(boolean invalid, @Nullable CertificateRequest pending, boolean serverHealthy,
			Instant now) {
		if (!invalid) {
			this.invalidSince = null;
			this.unavailable = false;
			return;
		}
		if (this.invalidSince == null || this.invalidSince.isAfter(now)) {
			this.invalidSince = now;
		}
		if (serverHealthy && !this.unavailable
				&& Duration.between(this.invalidSince, now).compareTo(UNAVAILABLE_AFTER) > 0) {
			this.unavailable = true;
			this.settings.about(logger.atError())
				.log("[{}] There has been no valid certificate since {}, although the API server is healthy: servers fail "
						+ "TLS handshakes, and clients present no certificate. {}", this.settings.name(),
						this.invalidSince, whatNext(pending));
			this.delivery.deliver((listener) -> listener.unavailable(this.settings.name()));
		}
	}

	/** How long there will be nothing to report after a review; at most a given time. */
	Duration untilDue(Instant now, Duration longest) {
		CertificatePair pair = this.pair;
		Waiting waiting = this.waiting;
		return Stream
			.of((pair != null && !this.overdue) ? this.settings.window().end(pair).plus(TICK) : null,
					(pair != null && !this.expired) ? pair.notAfter().plus(TICK) : null,
					(waiting == null) ? null : (waiting.tellAt != null) ? waiting.tellAt : waiting.warnAt,
					(this.invalidSince != null && !this.unavailable)
							? this.invalidSince.plus(UNAVAILABLE_AFTER).plus(TICK) : null)
			.filter((at) -> at != null && at.isAfter(now))
			.map((at) -> Duration.between(now, at))
			.reduce(longest, BinaryOperator.minBy(Comparator.naturalOrder()));
	}

	/** A request that waits. What has been reported has no time any more. */
	private static final class Waiting {

		private final String uid;

		private final Instant since;

		private @Nullable Instant tellAt;

		/** When a quarter of the time has passed for which the certificate is valid. */
		private @Nullable Instant warnAt;

		Waiting(String uid, @Nullable Instant createdAt, @Nullable CertificatePair pair, Instant now) {
			this.uid = uid;
			this.since = (createdAt != null && createdAt.isBefore(now)) ? createdAt : now;
			this.tellAt = now.plus(ANSWERED_AT_ONCE);
			this.warnAt = (pair != null && pair.notAfter().isAfter(now))
					? now.plus(Duration.between(now, pair.notAfter()).dividedBy(4)) : null;
		}

	}

}
