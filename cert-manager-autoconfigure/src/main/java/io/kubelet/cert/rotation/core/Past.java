package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.RotationWindow;
import org.jspecify.annotations.Nullable;

/**
 * What has happened to a certificate.
 *
 * @param count how many certificates were obtained
 * @param waited how long their requests have waited, in total
 * @param last when the last one was obtained, {@code null} if none was
 * @param failures how many attempts have failed, by kind
 * @param failingSince when the first attempt failed since the last rotation, {@code null}
 * if none has
 * @param failed how many attempts have failed since
 * @param lastFailure the last one, {@code null} if there is none
 * @param advice what the last failure said beyond its first line
 * @param serverHealthy whether the API server answered the last attempt, {@code null} if
 * it has not been contacted
 * @param history the last outcomes, the latest one first
 * @param replaced the largest fraction of its lifetime that was over when another program
 * replaced a pair, 0 if none did
 */
public record Past(long count, Duration waited, @Nullable Instant last, Map<Kind, Long> failures,
		@Nullable Instant failingSince, int failed, @Nullable Failure lastFailure, String advice,
		@Nullable Boolean serverHealthy, List<Outcome> history, double replaced) {

	static final Past NOTHING = new Past(0, Duration.ZERO, null, Map.of(), null, 0, null, "", null, List.of(), 0);

	private static final int HISTORY_SIZE = 20;

	/** The pending request was answered with a pair, which has become current. */
	Past rotated(CertificatePair pair, List<String> additionalNames, Trigger trigger, @Nullable String request,
			Duration waited, Instant now) {
		return new Past(this.count + 1, this.waited.plus(waited), now, this.failures, null, 0, null, this.advice, true,
				with(new Outcome(now, trigger, pair.serialNumber(), request, waited, additionalNames, null)),
				this.replaced);
	}

	/** Another program has replaced a pair, if there was one, with another. */
	Past adopted(@Nullable CertificatePair before, CertificatePair pair, Instant now) {
		return new Past(this.count, this.waited, this.last, this.failures, null, 0, null, this.advice,
				this.serverHealthy, with(new Outcome(now, null, pair.serialNumber(), null, null, List.of(), null)),
				(before != null && before.isValid(now)) ? Math.max(this.replaced, RotationWindow.over(before, now))
						: this.replaced);
	}

	/** A rotation is not due any more. */
	Past recovered() {
		return (this.lastFailure == null) ? this : new Past(this.count, this.waited, this.last, this.failures, null, 0,
				null, this.advice, this.serverHealthy, this.history, this.replaced);
	}

	/** An attempt has failed. */
	Past failed(Failure failure, Trigger trigger, @Nullable String request, Duration waited,
			@Nullable Boolean healthy) {
		Map<Kind, Long> failures = new HashMap<>(this.failures);
		failures.merge(failure.kind(), 1L, Long::sum);
		return new Past(this.count, this.waited, this.last, Map.copyOf(failures),
				(this.failingSince != null) ? this.failingSince : failure.at(), this.failed + 1, failure,
				failure.message().substring(failure.summary().length()),
				(healthy != null) ? healthy : this.serverHealthy,
				with(new Outcome(failure.at(), trigger, null, request, waited, List.of(), failure)), this.replaced);
	}

	/** The server holds the pending request, and can be reached or not. */
	Past seen(boolean reachable) {
		return new Past(this.count, this.waited, this.last, this.failures, this.failingSince, this.failed,
				this.lastFailure, this.advice, reachable, this.history, this.replaced);
	}

	private List<Outcome> with(Outcome outcome) {
		return Stream.concat(Stream.of(outcome), this.history.stream()).limit(HISTORY_SIZE).toList();
	}

}
