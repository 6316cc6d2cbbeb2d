package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import org.jspecify.annotations.Nullable;

/**
 * What was reported of a certificate that is not as it should be, each once.
 *
 * @param pair the pair of which something was reported
 * @param reported what was reported of it
 * @param foundExpired whether it had expired when it was found, and has not been valid
 * since, as after a wrong clock
 * @param invalidSince since when there has been no valid pair, {@code null} if there is
 * one
 * @param waiting the request that waits, {@code null} if none has
 */
public record Notices(@Nullable CertificatePair pair, Set<Notice> reported, boolean foundExpired,
		@Nullable Instant invalidSince, @Nullable Waiting waiting) {

	static final Notices NONE = new Notices(null, Set.of(), false, null, null);

	private static final Set<Notice> OF_REQUESTS = Set.of(Notice.WAITING, Notice.WAITING_FOR_LONG, Notice.UNATTENDED);

	private static final Duration UNAVAILABLE_AFTER = Duration.ofMinutes(5);

	/** What is reported "after" an instant is reported with the next millisecond. */
	private static final Duration TICK = Duration.ofMillis(1);

	private boolean isSame(@Nullable CertificatePair pair) {
		return pair == this.pair || Objects.equals(pair, this.pair);
	}

	/** What concerns the current pair may change. */
	Notices reviewed(@Nullable CertificatePair pair, Instant now) {
		boolean valid = pair != null && pair.isValid(now);
		if (valid && isSame(pair) && this.invalidSince == null
				&& (this.reported.isEmpty() || this.reported.equals(Set.of(Notice.OVERDUE)))) {
			return this;
		}
		Set<Notice> reported = EnumSet.noneOf(Notice.class);
		reported.addAll((isSame(pair)) ? this.reported : Set.of());
		if (valid) {
			// The clock may be set, more than once
			reported.retainAll(Set.of(Notice.OVERDUE));
		}
		else if (this.reported.contains(Notice.UNAVAILABLE)) {
			reported.add(Notice.UNAVAILABLE);
		}
		boolean begins = this.invalidSince == null || this.invalidSince.isAfter(now);
		return new Notices(pair, reported,
				!valid && (isSame(pair) ? this.foundExpired : pair != null && pair.isExpired(now)),
				valid ? null : begins ? now : this.invalidSince, this.waiting);
	}

	/** An attempt waits for a request that the signer has. */
	Notices waitingFor(CertificateRequest request, @Nullable CertificatePair pair, Instant now) {
		return (this.waiting != null && this.waiting.uid.equals(request.uid())) ? this : new Notices(this.pair,
				this.reported, this.foundExpired, this.invalidSince, Waiting.of(request, pair, now));
	}

	Notices reporting(Notice notice) {
		Waiting waiting = this.waiting;
		if (waiting != null && OF_REQUESTS.contains(notice)) {
			return new Notices(this.pair, this.reported, this.foundExpired, this.invalidSince,
					waiting.reported(notice));
		}
		Set<Notice> reported = EnumSet.of(notice);
		reported.addAll(this.reported);
		return new Notices(this.pair, reported, this.foundExpired, this.invalidSince, waiting);
	}

	/**
	 * cert-manager has looked at the request if its object has a condition or a message.
	 */
	Notices seen(@Nullable SubmittedRequest object) {
		boolean attended = object == null || !object.conditions().isEmpty() || !object.message().isEmpty();
		return (this.waiting == null || !attended || (this.waiting.unattendedAt == null && !this.waiting.unattended))
				? this
				: new Notices(this.pair, this.reported, this.foundExpired, this.invalidSince, this.waiting.attended());
	}

	/**
	 * Returns what is to be reported now.
	 * @param uid the object for which an attempt waits, {@code null} if none does
	 * @param serverHealthy whether the API server answered the last attempt
	 * @param overdueAt when the pair becomes overdue, {@code null} if there is none
	 * @return {@code null} if nothing is
	 */
	@Nullable Notice due(@Nullable String uid, boolean serverHealthy, @Nullable Instant overdueAt, Instant now) {
		CertificatePair pair = this.pair;
		if (this.waiting != null && this.waiting.uid.equals(uid)) {
			if (hasCome(this.waiting.tellAt, now)) {
				return Notice.WAITING;
			}
			if (pair != null && this.waiting.tellAt == null && hasCome(this.waiting.warnAt, now)) {
				return Notice.WAITING_FOR_LONG;
			}
			if (hasCome(this.waiting.unattendedAt, now)) {
				return Notice.UNATTENDED;
			}
		}
		if (this.invalidSince != null && serverHealthy && now.isAfter(this.invalidSince.plus(UNAVAILABLE_AFTER))
				&& isNew(Notice.UNAVAILABLE)) {
			return Notice.UNAVAILABLE;
		}
		if (pair == null) {
			return null;
		}
		Notice notice = pair.isExpired(now) ? Notice.EXPIRED : !pair.isValid(now) ? Notice.NOT_YET_VALID
				: (overdueAt != null && now.isAfter(overdueAt)) ? Notice.OVERDUE : null;
		return (notice != null && isNew(notice)) ? notice : null;
	}

	private boolean isNew(Notice notice) {
		return !this.reported.contains(notice);
	}

	private static boolean hasCome(@Nullable Instant at, Instant now) {
		return at != null && !now.isBefore(at);
	}

	/** Returns when something may be to be reported next. */
	Instant next(@Nullable Instant overdueAt, Instant now) {
		CertificatePair pair = this.pair;
		Stream<@Nullable Instant> ofPair = (pair == null) ? Stream.empty()
				: Stream.of(pair.notBefore().minus(CertificatePair.CLOCK_SKEW),
						(overdueAt != null) ? overdueAt.plus(TICK) : null, pair.notAfter().plus(TICK));
		Stream<@Nullable Instant> others = Stream.of(
				(this.waiting == null) ? null
						: (this.waiting.tellAt != null) ? this.waiting.tellAt : this.waiting.warnAt,
				(this.waiting != null) ? this.waiting.unattendedAt : null,
				(this.invalidSince != null && isNew(Notice.UNAVAILABLE))
						? this.invalidSince.plus(UNAVAILABLE_AFTER).plus(TICK) : null);
		return Stream.concat(ofPair, others)
			.filter(Objects::nonNull)
			.map(Objects::requireNonNull)
			.filter((at) -> at.isAfter(now))
			.min(Instant::compareTo)
			.orElse(Instant.MAX);
	}

	/** Something that is reported. */
	public enum Notice {

		/** The latest deadline has passed. */
		OVERDUE,

		/** The pair begins in the future. */
		NOT_YET_VALID,

		/** The pair has expired. */
		EXPIRED,

		/**
		 * There has been no valid pair for long, although the API server is healthy.
		 */
		UNAVAILABLE,

		/** A request is not answered at once. */
		WAITING,

		/** A request is not answered, and a quarter of the time for it has passed. */
		WAITING_FOR_LONG,

		/** No approver of cert-manager has looked at a request. */
		UNATTENDED

	}

	/**
	 * A request that waits.
	 *
	 * @param uid the UID of its object
	 * @param since when that was created
	 * @param tellAt when to tell of it, {@code null} once that was done
	 * @param warnAt when to warn of it, {@code null} for never
	 * @param unattendedAt when to warn that no approver has looked at it, {@code null}
	 * for never
	 * @param unattended whether that was done, and is still so
	 */
	public record Waiting(String uid, Instant since, @Nullable Instant tellAt, @Nullable Instant warnAt,
			@Nullable Instant unattendedAt, boolean unattended) {

		/** cert-manager's approvers decide at once. A signer may wait for a person. */
		public static final Duration UNATTENDED_AFTER = Duration.ofSeconds(30);

		/** A request that is answered sooner is not reported. */
		private static final Duration ANSWERED_AT_ONCE = Duration.ofSeconds(1);

		static Waiting of(CertificateRequest request, @Nullable CertificatePair pair, Instant now) {
			Instant created = request.createdAt();
			boolean issuer = request.signer() instanceof Signer.Issuer;
			return new Waiting(Objects.requireNonNull(request.uid()),
					(created != null && created.isBefore(now)) ? created : now, now.plus(ANSWERED_AT_ONCE),
					(pair != null && pair.notAfter().isAfter(now))
							? now.plus(Duration.between(now, pair.notAfter()).dividedBy(4)) : null,
					issuer ? now.plus(UNATTENDED_AFTER) : null, false);
		}

		Waiting reported(Notice notice) {
			return switch (notice) {
				case WAITING ->
					new Waiting(this.uid, this.since, null, this.warnAt, this.unattendedAt, this.unattended);
				case UNATTENDED -> new Waiting(this.uid, this.since, this.tellAt, this.warnAt, null, true);
				default -> new Waiting(this.uid, this.since, null, null, this.unattendedAt, this.unattended);
			};
		}

		Waiting attended() {
			return new Waiting(this.uid, this.since, this.tellAt, this.warnAt, null, false);
		}

	}

}
