package io.kubelet.cert.autoconfigure.ssl;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Trusts nobody until an object of the API has been read for the first time, for an
 * application that does not wait at start.
 */
final class NobodyAtFirst implements TrustSource {

	private static final Logger logger = LoggerFactory.getLogger(NobodyAtFirst.class);

	/** How long a missing answer is not worth a warning. */
	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final String name;

	private final String bundleName;

	private final TrustSource source;

	private final Clock clock;

	private boolean known;

	private @Nullable String told;

	private @Nullable Instant warnAt;

	NobodyAtFirst(String name, String bundleName, TrustSource source, Clock clock) {
		this.name = name;
		this.bundleName = bundleName;
		this.source = source;
		this.clock = clock;
	}

	@Override
	public synchronized Reading read() {
		try {
			Reading reading = this.source.read();
			this.known = true;
			return reading;
		}
		catch (RuntimeException ex) {
			if (this.known) {
				throw ex;
			}
			boolean unanswered = ex instanceof KubernetesConfigurationException problem && problem.isUnanswered();
			tell(String.valueOf(ex.getMessage()), unanswered, this.clock.instant());
			return new Reading("the API", "unknown", Object::new, Trust.exactly(List.of()));
		}
	}

	private void tell(String problem, boolean unanswered, Instant now) {
		if (!problem.equals(this.told)) {
			boolean early = this.told == null && unanswered;
			tell(early ? Level.INFO : Level.WARN, problem);
			this.told = problem;
			this.warnAt = early ? now.plus(PATIENCE) : null;
		}
		else if (this.warnAt != null && !now.isBefore(this.warnAt)) {
			tell(Level.WARN, problem);
			this.warnAt = null;
		}
	}

	private void tell(Level level, String problem) {
		logger.atLevel(level)
			.log("[{}] The SSL bundle '{}' trusts nobody for now: {}", this.name, this.bundleName, problem);
	}

}
