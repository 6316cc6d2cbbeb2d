package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.rotation.CertificateStatus.State;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Issues time-based warnings, each once: a request has been pending for long, the
 * certificate is overdue, has expired or is not valid yet, or there has been no valid one
 * for five minutes. Used on the certificate's serial executor only.
 */
final class Warnings {

	private static final Logger logger = LoggerFactory.getLogger(Warnings.class);

	private static final Duration UNAVAILABLE_AFTER = Duration.ofMinutes(5);

	/** A request that is answered sooner is not worth a line. */
	private static final Duration ANSWERED_AT_ONCE = Duration.ofSeconds(1);

	/** cert-manager's approvers decide at once. */
	private static final Duration UNATTENDED_AFTER = Duration.ofSeconds(30);

	/** "After" an instant begins with the next tick of this length. */
	private static final Duration TICK = Duration.ofMillis(1);

	private final RotationSettings settings;

	private final Due due;

	private final Delivery delivery;

	private @Nullable CertificatePair pair;

	/** What was said of the pair. */
	private final Set<State> issued = EnumSet.noneOf(State.class);

	private @Nullable Instant invalidSince;

	private boolean unavailable;

	/** The UID of the request that waits. */
	private @Nullable String waiting;

	/** The object of the pending request, as it was last seen. */
	private @Nullable SubmittedRequest object;

	/** When to warn that no approver has looked at it. */
	private Instant unattendedAt = Instant.MAX;

	private boolean unattended;

	private Instant waitingSince = Instant.MIN;

	/** When to tell of it, {@code null} once that was done. */
	private @Nullable Instant tellAt;

	/** When to warn of it, after a quarter of the time for which the pair is valid. */
	private @Nullable Instant warnAt;

	Warnings(RotationSettings settings, Due due, Delivery delivery) {
		this.settings = settings;
		this.due = due;
		this.delivery = delivery;
	}

	/** Whether cert-manager seems not to run, since no approver looks at the request. */
	boolean isUnattended() {
		return this.unattended;
	}

	/** Whether it was reported that there has been no valid certificate for long. */
	boolean isUnavailable() {
		return this.unavailable;
	}

	/**
	 * Issues the warnings that have become due.
	 * @param pair the last pair, {@code null} if there is none yet
	 * @param pending the request that is waited for, {@code null} if there is none
	 * @param object its object, {@code null} if that is not known
	 * @param failing whether an attempt has failed since the last rotation
	 * @param serverHealthy whether the API server answered the last attempt
	 */
	void issue(@Nullable CertificatePair pair, @Nullable CertificateRequest pending, @Nullable SubmittedRequest object,
			boolean failing, boolean serverHealthy, Instant now) {
		this.object = object;
		boolean found = pair != this.pair;
		if (found) {
			this.pair = pair;
			this.issued.clear();
		}
		reviewWaiting(pair, pending, now);
		reviewApproval(pending, now);
		Supplier<String> next = () -> whatNext(pending, failing, now);
		reviewUnavailable(pair == null || !pair.isValid(now), serverHealthy, next, now);
		if (pair != null) {
			if (pair.isExpired(now)) {
				expired(pair, found, next);
			}
			else if (!pair.isValid(now)) {
				notYetValid(pair, next, now);
			}
			else {
				// The clock may be set, more than once
				this.issued.retainAll(Set.of(State.OVERDUE));
				overdue(pair, next, now);
			}
		}
	}

	private void overdue(CertificatePair pair, Supplier<String> next, Instant now) {
		if (now.isAfter(this.due.overdueAt(pair)) && this.issued.add(State.OVERDUE)) {
			RotationLog.about(this.settings, logger.atWarn(), pair)
				.log("[{}] The certificate is overdue for rotation; it is valid until {}. No connection is affected yet. {}",
						pair.notAfter(), next.get());
			this.delivery.deliver((listener) -> listener.overdue(this.settings.name(), pair));
		}
	}

	private void notYetValid(CertificatePair pair, Supplier<String> next, Instant now) {
		if (this.issued.add(State.NOT_YET_VALID)) {
			RotationLog.about(this.settings, this.settings.off() ? logger.atError() : logger.atWarn(), pair)
				.log("[{}] The certificate is not valid before {}, and it is {} now: peers refuse it until then. "
						+ "Check the clock of this machine. {}", pair.notBefore(), now.truncatedTo(ChronoUnit.SECONDS),
						next.get());
			this.delivery.deliver((listener) -> listener.notYetValid(this.settings.name(), pair));
		}
	}

	/** A pair that is found expired was stored. */
	private void expired(CertificatePair pair, boolean found, Supplier<String> next) {
		if (this.issued.add(State.EXPIRED)) {
			if (found && !this.settings.off()) {
				RotationLog.about(this.settings, logger.atWarn(), pair)
					.log("[{}] The stored certificate expired at {}: a new one is being requested", pair.notAfter());
			}
			else {
				RotationLog.about(this.settings, logger.atError(), pair)
					.log("[{}] The certificate expired at {}: new TLS connections that present it fail until it is replaced. {}",
							pair.notAfter(), next.get());
			}
			this.delivery.deliver((listener) -> listener.expired(this.settings.name(), pair));
		}
	}

	/** The end of a message: what is done about it, or what somebody can do. */
	private String whatNext(@Nullable CertificateRequest pending, boolean failing, Instant now) {
		if (this.settings.off()) {
			return "Rotation is off: replace the stored pair";
		}
		if (pending != null && pending.uid() != null) {
			return "Request %s to %s waits for approval and signature: %s".formatted(pending.name(),
					IssuerReference.describe(pending.signerName()), howToFollow(pending));
		}
		return failing
				? "The application keeps trying. See 'lastFailure' in the endpoint, or the last failed attempt in this log"
				: this.settings.keepsValidPair() ? "Rotation is off: replace the stored pair"
						: this.due.deadline().isAfter(now)
								? "A new one is requested at " + this.due.deadline().truncatedTo(ChronoUnit.SECONDS)
								: "A new one is being requested";
	}

	private String howToFollow(CertificateRequest pending) {
		return IssuerReference.howToFollow(pending.signerName(), (this.object != null) ? this.object.namespace() : "",
				String.valueOf(pending.name()));
	}

	private void reviewWaiting(@Nullable CertificatePair pair, @Nullable CertificateRequest pending, Instant now) {
		if (pending == null || pending.uid() == null) {
			// Between two attempts the request waits on
			return;
		}
		if (!pending.uid().equals(this.waiting)) {
			Instant created = pending.createdAt();
			this.waiting = pending.uid();
			this.unattended = false;
			this.waitingSince = (created != null && created.isBefore(now)) ? created : now;
			this.tellAt = now.plus(ANSWERED_AT_ONCE);
			this.unattendedAt = IssuerReference.parse(pending.signerName()).isPresent() ? now.plus(UNATTENDED_AFTER)
					: Instant.MAX;
			this.warnAt = (pair != null && pair.notAfter().isAfter(now))
					? now.plus(Duration.between(now, pair.notAfter()).dividedBy(4)) : null;
		}
		else if (hasCome(this.tellAt, now)) {
			this.tellAt = null;
			RotationLog.about(this.settings, logger.atInfo(), pending)
				.log("[{}] Request {} to {}{}, created {} ago, is waiting for approval and signature: {}",
						pending.name(), IssuerReference.describe(pending.signerName()),
						(this.settings.request().signerOrigin() != null)
								? " (from " + this.settings.request().signerOrigin() + ")" : "",
						ReadableDuration.of(Duration.between(this.waitingSince, now)), howToFollow(pending));
		}
		else if (pair != null && hasCome(this.warnAt, now)) {
			this.warnAt = null;
			RotationLog.about(this.settings, logger.atWarn(), pending)
				.log("[{}] Request {} to {} has been waiting for {}, and the certificate is valid for only another {}: {}",
						pending.name(), IssuerReference.describe(pending.signerName()),
						ReadableDuration.of(Duration.between(this.waitingSince, now)),
						ReadableDuration.of(Duration.between(now, pair.notAfter())), howToFollow(pending));
		}
	}

	/** A request to a signer may wait for a person. */
	private void reviewApproval(@Nullable CertificateRequest pending, Instant now) {
		SubmittedRequest object = this.object;
		if (object == null || !object.conditions().isEmpty() || !object.message().isEmpty()) {
			this.unattended = false;
			this.unattendedAt = Instant.MAX;
		}
		else if (pending != null && hasCome(this.unattendedAt, now)) {
			this.unattended = true;
			this.unattendedAt = Instant.MAX;
			RotationLog.about(this.settings, logger.atWarn(), pending)
				.log("[{}] Request {} to {} has been waiting for {}: {}", pending.name(),
						IssuerReference.describe(pending.signerName()), ReadableDuration.of(UNATTENDED_AFTER),
						IssuerReference.UNATTENDED);
		}
	}

	private static boolean hasCome(@Nullable Instant at, Instant now) {
		return at != null && !now.isBefore(at);
	}

	private void reviewUnavailable(boolean invalid, boolean serverHealthy, Supplier<String> next, Instant now) {
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
			RotationLog.about(this.settings, logger.atError())
				.log("[{}] There has been no valid certificate since {}, although the API server is healthy: servers fail "
						+ "TLS handshakes, and clients present no certificate. {}", this.invalidSince, next.get());
			this.delivery.deliver((listener) -> listener.unavailable(this.settings.name()));
		}
	}

	/** How long there will be nothing to report after a review; at most a given time. */
	Duration untilDue(Instant now, Duration longest) {
		CertificatePair pair = this.pair;
		return Stream
			.of((pair != null) ? pair.notBefore().minus(CertificatePair.CLOCK_SKEW) : null,
					(pair != null) ? this.due.overdueAt(pair).plus(TICK) : null,
					(pair != null) ? pair.notAfter().plus(TICK) : null,
					(this.tellAt != null) ? this.tellAt : this.warnAt, this.unattendedAt,
					(this.invalidSince != null && !this.unavailable)
							? this.invalidSince.plus(UNAVAILABLE_AFTER).plus(TICK) : null)
			.filter((at) -> at != null && at.isAfter(now))
			.map((at) -> Duration.between(now, at))
			.reduce(longest, BinaryOperator.minBy(Comparator.naturalOrder()));
	}

}
