package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import org.jspecify.annotations.Nullable;

/**
 * What was reported of a certificate that is not as it should be, each once.
 *
 * @param reported what was reported of the pair in use, and of the request that waits
 * @param foundExpired whether the pair had expired when it was found, and has not been
 * valid since, as after a wrong clock
 * @param invalidSince since when there has been no valid pair, {@code null} if there is
 * one
 * @param waiting the request that waits, {@code null} if none has
 */
public record Notices(Set<Notice> reported, boolean foundExpired, @Nullable Instant invalidSince,
		@Nullable Waiting waiting) {

	static final Notices NONE = new Notices(Set.of(), false, null, null);

	private static final Set<Notice> OF_PAIRS = EnumSet.of(Notice.EXPIRED, Notice.NOT_YET_VALID, Notice.OVERDUE);

	private static final Set<Notice> OF_NO_VALID_PAIR = EnumSet.of(Notice.EXPIRED, Notice.NOT_YET_VALID,
			Notice.UNAVAILABLE);

	private static final Set<Notice> OF_REQUESTS = EnumSet.of(Notice.WAITING, Notice.WAITING_FOR_LONG,
			Notice.UNATTENDED);

	/** Another pair is in use. */
	Notices ofPair(@Nullable CertificatePair pair, Instant now) {
		return new Notices(without(OF_PAIRS), pair != null && pair.isExpired(now), this.invalidSince, this.waiting);
	}

	/** The pair may have become valid or not: the clock may be set, more than once. */
	Notices reviewed(boolean valid, Instant now) {
		if (valid) {
			return (this.invalidSince == null) ? this
					: new Notices(without(OF_NO_VALID_PAIR), false, null, this.waiting);
		}
		return (this.invalidSince != null && !this.invalidSince.isAfter(now)) ? this
				: new Notices(this.reported, this.foundExpired, now, this.waiting);
	}

	/** An attempt waits for a request that the signer has. */
	Notices waitingFor(CertificateRequest request, @Nullable CertificatePair pair, Instant now) {
		return (this.waiting != null && this.waiting.uid.equals(request.uid())) ? this : new Notices(
				without(OF_REQUESTS), this.foundExpired, this.invalidSince, Waiting.of(request, pair, now));
	}

	Notices reporting(Notice notice) {
		Set<Notice> reported = EnumSet.of(notice);
		reported.addAll(this.reported);
		return new Notices(Set.copyOf(reported), this.foundExpired, this.invalidSince, this.waiting);
	}

	private Set<Notice> without(Collection<Notice> notices) {
		return this.reported.stream()
			.filter((notice) -> !notices.contains(notice))
			.collect(Collectors.toUnmodifiableSet());
	}

	/** Something that is reported. The first one that is due is reported first. */
	public enum Notice {

		/** A request is not answered at once. */
		WAITING,

		/** A request is not answered, and a quarter of the time for it has passed. */
		WAITING_FOR_LONG,

		/** No approver of cert-manager has looked at a request. */
		UNATTENDED,

		/**
		 * There has been no valid pair for long, although the API server is healthy.
		 */
		UNAVAILABLE,

		/** The pair has expired. */
		EXPIRED,

		/** The pair begins in the future. */
		NOT_YET_VALID,

		/** The latest deadline has passed. */
		OVERDUE

	}

	/**
	 * A request that waits.
	 *
	 * @param uid the UID of its object
	 * @param since when that was created
	 * @param waitingSince since when this process has waited for it
	 * @param warnAt when to warn of it, {@code null} for never
	 */
	public record Waiting(String uid, Instant since, Instant waitingSince, @Nullable Instant warnAt) {

		static Waiting of(CertificateRequest request, @Nullable CertificatePair pair, Instant now) {
			Instant created = request.createdAt();
			return new Waiting(Objects.requireNonNull(request.uid()),
					(created != null && created.isBefore(now)) ? created : now, now,
					(pair != null && pair.notAfter().isAfter(now))
							? now.plus(Duration.between(now, pair.notAfter()).dividedBy(4)) : null);
		}

	}

}
