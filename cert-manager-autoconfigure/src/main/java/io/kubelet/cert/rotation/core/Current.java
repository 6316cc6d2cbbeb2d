package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import org.jspecify.annotations.Nullable;

/**
 * The pair in use.
 *
 * @param pair the last pair, expired or not; {@code null} if there is none yet
 * @param since since when it has been in use
 * @param deadline when its rotation is due
 * @param shared the deadline of all replicas, {@code null} if there is none
 * @param accepted the template that the pair satisfies, which is not compared again, or
 * that yields to the one of another replica; {@code null} if there is none
 */
public record Current(@Nullable CertificatePair pair, Instant since, Instant deadline, @Nullable Instant shared,
		@Nullable CertificateTemplate accepted) {

	/** How long a template yields to that of a replica, which may have ended. */
	private static final Duration YIELDS = Duration.ofHours(1);

	/**
	 * Returns whether there is a valid pair.
	 * @param now the current time
	 * @return {@code true} if it can be used
	 */
	public boolean isValid(Instant now) {
		return this.pair != null && this.pair.isValid(now);
	}

	/** Why a rotation is due if there is no valid pair. */
	static Trigger invalidity(@Nullable CertificatePair pair, Instant now) {
		return (pair == null) ? Trigger.FIRST : pair.isExpired(now) ? Trigger.EXPIRED : Trigger.NOT_YET_VALID;
	}

	/** How long the pair is still valid, {@code null} if it is not valid yet. */
	@Nullable Duration left(Instant now) {
		return (this.pair != null && (this.pair.isValid(now) || this.pair.isExpired(now)))
				? Duration.between(now, this.pair.notAfter()) : null;
	}

	/** Whether the pair satisfies a template, or the template yields. */
	boolean accepts(CertificateTemplate template) {
		return template.equals(this.accepted) || (this.pair != null && template.isSatisfiedBy(this.pair.leaf()));
	}

	/** The same pair, with other authorities. */
	Current with(CertificatePair pair) {
		return new Current(pair, this.since, this.deadline, this.shared, this.accepted);
	}

	Current accepting(CertificateTemplate template) {
		return new Current(this.pair, this.since, this.deadline, this.shared, template);
	}

	/** Uses the pair although it does not satisfy a template, but not until its end. */
	Current yielding(CertificateTemplate template, CertificatePair pair) {
		Instant halfway = this.deadline.plus(Duration.between(this.deadline, pair.notAfter()).dividedBy(2));
		return new Current(this.pair, this.since, Collections.min(List.of(halfway, this.since.plus(YIELDS))),
				this.shared, template);
	}

}
