package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.RotationFailure;
import org.jspecify.annotations.Nullable;

/**
 * The last rotations and failed attempts of a certificate. Used on the certificate's lane
 * only.
 */
final class History {

	private static final int SIZE = 20;

	private List<Outcome> outcomes = List.of();

	void rotated(CertificatePair pair, Trigger trigger, @Nullable String requestName, Duration duration, Instant now) {
		add(new Outcome(now, trigger, pair.serialNumber(), requestName, duration, null));
	}

	/** Another program has stored a pair, which has become current. */
	void adopted(CertificatePair pair, Instant now) {
		add(new Outcome(now, null, pair.serialNumber(), null, null, null));
	}

	void failed(RotationFailure failure, Trigger trigger, @Nullable String requestName, Duration duration) {
		add(new Outcome(failure.at(), trigger, null, requestName, duration, failure));
	}

	private void add(Outcome outcome) {
		this.outcomes = Stream.concat(Stream.of(outcome), this.outcomes.stream()).limit(SIZE).toList();
	}

	/** The last outcomes, the latest one first. */
	List<Outcome> outcomes() {
		return this.outcomes;
	}

}
