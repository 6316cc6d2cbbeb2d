package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.core.Notices.Notice;
import io.kubelet.cert.rotation.core.Notices.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * What is to be reported of a certificate, and when.
 *
 * @param state what is known
 * @param now the current time
 */
public record DueNotices(State state, Instant now) {

	/** cert-manager's approvers decide at once. A signer may wait for a person. */
	public static final Duration UNATTENDED_AFTER = Duration.ofSeconds(30);

	/** A request that is answered sooner is not reported. */
	private static final Duration ANSWERED_AT_ONCE = Duration.ofSeconds(1);

	private static final Duration UNAVAILABLE_AFTER = Duration.ofMinutes(5);

	/** What is reported "after" an instant is reported with the next millisecond. */
	private static final Duration TICK = Duration.ofMillis(1);

	/** Returns what is to be reported now, {@code null} if nothing is. */
	@Nullable Notice first() {
		return unreported().filter((notice) -> !at(notice).isAfter(this.now)).findFirst().orElse(null);
	}

	/** Returns when something may be to be reported next. */
	Instant next() {
		CertificatePair pair = this.state.pair();
		Instant valid = (pair != null) ? pair.notBefore().minus(CertificatePair.CLOCK_SKEW) : Instant.MIN;
		return Stream.concat(Stream.of(valid), unreported().map(this::at))
			.filter((at) -> at.isAfter(this.now))
			.min(Instant::compareTo)
			.orElse(Instant.MAX);
	}

	private Stream<Notice> unreported() {
		return Stream.of(Notice.values()).filter((notice) -> !this.state.notices().reported().contains(notice));
	}

	/** Returns when something is to be reported, the end of time for never. */
	private Instant at(Notice notice) {
		return switch (notice) {
			case WAITING, WAITING_FOR_LONG, UNATTENDED -> ofRequest(notice);
			case UNAVAILABLE -> {
				Instant since = this.state.notices().invalidSince();
				yield (since != null && Boolean.TRUE.equals(this.state.past().serverHealthy()))
						? since.plus(UNAVAILABLE_AFTER).plus(TICK) : Instant.MAX;
			}
			case EXPIRED, NOT_YET_VALID, OVERDUE -> ofPair(notice);
		};
	}

	private Instant ofRequest(Notice notice) {
		Pending attempted = this.state.attempted();
		Waiting waiting = this.state.notices().waiting();
		if (waiting == null || attempted == null || !waiting.uid().equals(attempted.request().request().uid())) {
			return Instant.MAX;
		}
		Instant begun = waiting.waitingSince().plus(ANSWERED_AT_ONCE);
		return switch (notice) {
			case WAITING -> begun;
			case WAITING_FOR_LONG -> (waiting.warnAt() == null || this.state.pair() == null) ? Instant.MAX
					: Collections.max(List.of(waiting.warnAt(), begun));
			default -> isUnattended(attempted) ? waiting.waitingSince().plus(UNATTENDED_AFTER) : Instant.MAX;
		};
	}

	/** cert-manager has looked at a request that has a condition or a message. */
	private static boolean isUnattended(Pending pending) {
		SubmittedRequest object = pending.object();
		return pending.hasIssuer() && object != null && object.conditions().isEmpty() && object.message().isEmpty();
	}

	/** Returns whether it was reported that no approver has looked at the request. */
	public boolean isUnattended() {
		Pending pending = this.state.pending();
		return this.state.notices().reported().contains(Notice.UNATTENDED) && pending != null && isUnattended(pending);
	}

	private Instant ofPair(Notice notice) {
		CertificatePair pair = this.state.pair();
		Instant overdueAt = this.state.overdueAt();
		if (pair == null || overdueAt == null) {
			return Instant.MAX;
		}
		if (notice == Notice.EXPIRED) {
			return pair.notAfter().plus(TICK);
		}
		boolean begins = !pair.isValid(this.now) && !pair.isExpired(this.now);
		return (notice == Notice.OVERDUE) ? (pair.isValid(this.now) ? overdueAt.plus(TICK) : Instant.MAX)
				: begins ? Instant.MIN : Instant.MAX;
	}

}
