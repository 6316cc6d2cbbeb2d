package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificate authorities that follow their source. When they are asked for, and at most
 * once a second, it is looked at, and read again if it has changed. An authority that is
 * no longer named is trusted a while longer, since its certificates are still in use; a
 * source that cannot be read changes nothing, and is reported once.
 */
public final class FollowedAuthorities implements Supplier<List<X509Certificate>> {

	private static final Logger logger = LoggerFactory.getLogger(FollowedAuthorities.class);

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	private final AuthoritySource source;

	private final Duration overlap;

	private final Clock clock;

	private final Map<X509Certificate, Instant> leaving = new LinkedHashMap<>();

	private AuthoritySource.@Nullable Reading reading;

	private volatile @Nullable Looked last;

	/**
	 * Follow a source, which is first read when it is first asked for.
	 * @param source where the authorities are
	 * @param overlap how long an authority is trusted beyond its removal
	 * @param clock the clock
	 */
	public FollowedAuthorities(AuthoritySource source, Duration overlap, Clock clock) {
		this.source = source;
		this.overlap = overlap;
		this.clock = clock;
	}

	@Override
	public List<X509Certificate> get() {
		Looked last = this.last;
		Instant now = this.clock.instant();
		return (last != null && last.isRecent(now)) ? last.trusted : look(now);
	}

	private synchronized List<X509Certificate> look(Instant now) {
		AuthoritySource.Reading reading = this.reading;
		reading = (reading == null) ? this.source.read() : reading.isOutdated() ? readAgain(reading, now) : reading;
		this.reading = reading;
		this.leaving.values().removeIf((end) -> !now.isBefore(end));
		List<X509Certificate> trusted = Stream.concat(reading.certificates().stream(), this.leaving.keySet().stream())
			.distinct()
			.toList();
		this.last = new Looked(now, trusted);
		return trusted;
	}

	private AuthoritySource.Reading readAgain(AuthoritySource.Reading before, Instant now) {
		AuthoritySource.Reading kept = before.kept();
		try {
			AuthoritySource.Reading after = this.source.read();
			if (after.certificates().equals(before.certificates())) {
				return after;
			}
			if (before.trustsNobody()) {
				logger.info("The certificate authorities in {} are trusted from now on: there are {}", after.origin(),
						after.certificates().size());
				return after;
			}
			before.certificates()
				.stream()
				.filter((authority) -> !after.certificates().contains(authority))
				.forEach((removed) -> this.leaving.put(removed, now.plus(this.overlap)));
			logger.info("The certificate authorities in {} have changed: there are {} now; those of before are "
					+ "trusted for another {}", after.origin(), after.certificates().size(), this.overlap);
			return after;
		}
		catch (RuntimeException ex) {
			logger.error("{}; the certificate authorities of before are still trusted", ex.getMessage());
			return kept;
		}
	}

	private record Looked(Instant at, List<X509Certificate> trusted) {

		/** A clock that was set back is no reason not to look. */
		boolean isRecent(Instant now) {
			return !now.isBefore(this.at) && now.isBefore(this.at.plus(INTERVAL));
		}

	}

}
