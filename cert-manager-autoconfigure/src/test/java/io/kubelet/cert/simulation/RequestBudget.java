package io.kubelet.cert.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.RetrySchedule;
import org.jspecify.annotations.Nullable;

/**
 * How often the server may be asked, by the machine's clock: not before it said, not for
 * a minute after an answer that would be the same again, and never many times in a row.
 */
final class RequestBudget {

	private static final int ROW = 40;

	private static final Duration SHORTEST_ROW = RetrySchedule.KUBELET.interval().multipliedBy(ROW / 4);

	/** The last requests since all was well. */
	private final Deque<Instant> row = new ArrayDeque<>();

	private Instant demanded = Instant.MIN;

	private Instant answered = Instant.MIN;

	/** Counts a request, and returns whether it may be sent now. */
	boolean allows(Instant now) {
		this.row.add(now);
		boolean many = this.row.size() > ROW && Duration.between(this.row.remove(), now).compareTo(SHORTEST_ROW) < 0;
		return !many && !now.isBefore(this.demanded) && !now.isBefore(this.answered);
	}

	/**
	 * @param pair the certificate, {@code null} if none is valid
	 */
	void failed(RequestException failure, @Nullable CertificatePair pair, Instant now) {
		Duration retryAfter = failure.retryAfter();
		Duration longest = (pair == null) ? Duration.ofMinutes(1) : Collections
			.max(List.of(Duration.between(now, pair.notAfter()).dividedBy(10), RetrySchedule.KUBELET.interval()));
		this.demanded = (retryAfter != null) ? now.plus(Collections.min(List.of(retryAfter, longest))) : Instant.MIN;
		if (List.of(Kind.DENIED, Kind.FAILED, Kind.REJECTED).contains(failure.kind())) {
			answeredAgainst(now);
		}
	}

	/** Denied, failed, or issued something that is of no use. */
	void answeredAgainst(Instant now) {
		this.answered = now.plus(Duration.ofMinutes(1));
	}

	/** What was answered does not hold for another template, or if somebody asks. */
	void endPause() {
		this.answered = Instant.MIN;
		this.row.clear();
	}

	/** After a success or a restart all is well, and a clock that was set ends pauses. */
	void reset() {
		this.demanded = Instant.MIN;
		endPause();
	}

	@Override
	public String toString() {
		return "not before %s and %s, %d in a row".formatted(this.demanded, this.answered, this.row.size());
	}

}
