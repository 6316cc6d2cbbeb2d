package io.kubelet.cert.autoconfigure;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.kubernetes.NoAnswerYetException;
import io.kubelet.cert.ssl.AuthoritySource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What an application takes that does not wait for anything at the start: nobody is
 * trusted until the ConfigMap has been read for the first time.
 */
final class NobodyAtFirst implements AuthoritySource {

	private static final Logger logger = LoggerFactory.getLogger(NobodyAtFirst.class);

	/** For how long it is no reason to warn that there is no answer. */
	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final String name;

	private final String bundleName;

	private final String configMap;

	private final AuthoritySource source;

	private final Clock clock;

	private boolean known;

	private @Nullable String told;

	private @Nullable Instant warnAt;

	NobodyAtFirst(String name, String bundleName, String configMap, AuthoritySource source, Clock clock) {
		this.name = name;
		this.bundleName = bundleName;
		this.configMap = configMap;
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
			tell(String.valueOf(ex.getMessage()), ex instanceof NoAnswerYetException, this.clock.instant());
			return new Reading("the ConfigMap " + this.configMap, "unknown", Object::new, List.of()).trustingNobody();
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
