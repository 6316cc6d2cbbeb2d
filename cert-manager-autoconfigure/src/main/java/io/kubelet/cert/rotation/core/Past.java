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
import io.kubelet.cert.rotation.CertificateStatus.Rotations;
import io.kubelet.cert.rotation.RotationWindow;
import org.jspecify.annotations.Nullable;

/**
 * What has happened to a certificate.
 *
 * @param rotations the rotations and failed attempts
 * @param lastFailure the last failed attempt since the last rotation, {@code null} if
 * there is none
 * @param serverHealthy whether the API server answered the last attempt, {@code null} if
 * it has not been contacted
 * @param replaced the largest fraction of its lifetime that was over when another program
 * replaced a pair, 0 if none did
 */
public record Past(Rotations rotations, @Nullable Failure lastFailure, @Nullable Boolean serverHealthy,
		double replaced) {

	static final Past NOTHING = new Past(new Rotations(0, Duration.ZERO, null, Map.of(), null, List.of()), null, null,
			0);

	private static final int HISTORY_SIZE = 20;

	/** The pending request was answered with a pair, which is in use. */
	Past rotated(Outcome outcome) {
		Duration waited = this.rotations.waited()
			.plus((outcome.duration() != null) ? outcome.duration() : Duration.ZERO);
		return new Past(new Rotations(this.rotations.count() + 1, waited, outcome.at(), this.rotations.failures(), null,
				historyWith(outcome)), null, true, this.replaced);
	}

	/** Another program has replaced a pair, if there was one, with another. */
	Past adopted(@Nullable CertificatePair before, CertificatePair pair, Instant now) {
		double over = (before != null && before.isValid(now)) ? RotationWindow.over(before, now) : 0;
		List<Outcome> history = historyWith(new Outcome(now, null, pair.serialNumber(), null, null, List.of(), null));
		return new Past(with(this.rotations.failures(), null, history), null, this.serverHealthy,
				Math.max(this.replaced, over));
	}

	/** A rotation is not due any more. */
	Past recovered() {
		return new Past(with(this.rotations.failures(), null, this.rotations.history()), null, this.serverHealthy,
				this.replaced);
	}

	/** An attempt has failed. */
	Past failed(Failure failure, Outcome outcome, @Nullable Boolean healthy) {
		Map<Kind, Long> failures = new HashMap<>(this.rotations.failures());
		failures.merge(failure.kind(), 1L, Long::sum);
		Instant since = this.rotations.failingSince();
		return new Past(with(Map.copyOf(failures), (since != null) ? since : failure.at(), historyWith(outcome)),
				failure, (healthy != null) ? healthy : this.serverHealthy, this.replaced);
	}

	/** The server holds the pending request, and can be reached or not. */
	Past seen(boolean reachable) {
		return new Past(this.rotations, this.lastFailure, reachable, this.replaced);
	}

	private Rotations with(Map<Kind, Long> failures, @Nullable Instant failingSince, List<Outcome> history) {
		return new Rotations(this.rotations.count(), this.rotations.waited(), this.rotations.last(), failures,
				failingSince, history);
	}

	private List<Outcome> historyWith(Outcome outcome) {
		return Stream.concat(Stream.of(outcome), this.rotations.history().stream()).limit(HISTORY_SIZE).toList();
	}

}
