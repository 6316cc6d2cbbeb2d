package io.kubelet.cert.certificate.trust;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Trust;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The authorities that a source contains at the moment: each call reads the source again
 * if it has changed. An authority that is removed from the source remains trusted during
 * the overlap, because its certificates are still in use. If the source cannot be read,
 * the trust remains as it is, and the problem is logged once.
 */
public final class LiveTrust implements Supplier<Trust> {

	private static final Logger logger = LoggerFactory.getLogger(LiveTrust.class);

	private final TrustSource source;

	private final Duration overlap;

	private final Clock clock;

	private final Map<X509Certificate, Instant> leaving = new LinkedHashMap<>();

	private TrustSource.@Nullable Reading reading;

	private boolean unreadable;

	/**
	 * Creates trust that follows a source without any overlap. The first call reads the
	 * source.
	 * @param source the source
	 */
	public LiveTrust(TrustSource source) {
		this(source, Duration.ZERO, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
	}

	/**
	 * Creates trust that follows a source. The first call reads the source.
	 * @param source the source
	 * @param overlap how long an authority remains trusted after its removal
	 * @param clock the clock
	 */
	public LiveTrust(TrustSource source, Duration overlap, Clock clock) {
		this.source = source;
		this.overlap = overlap;
		this.clock = clock;
	}

	/**
	 * Returns the trust of this moment.
	 * @return the trust; equal to the one before until it changes
	 * @throws RuntimeException if the source has never been read and cannot be read now
	 */
	@Override
	public synchronized Trust get() {
		Instant now = this.clock.instant();
		TrustSource.Reading before = this.reading;
		TrustSource.Reading reading = (before == null) ? this.source.read()
				: before.isOutdated() ? readAgain(before, now) : before;
		this.reading = reading;
		this.leaving.values().removeIf((end) -> !now.isBefore(end));
		return withLeaving(reading.trust());
	}

	private TrustSource.Reading readAgain(TrustSource.Reading before, Instant now) {
		TrustSource.Reading kept = before.kept();
		try {
			TrustSource.Reading after = this.source.read();
			if (!after.trust().equals(before.trust())) {
				change(before.trust(), after, now);
			}
			else if (this.unreadable) {
				logger.info("The certificate authorities in {} can be read again", after.origin());
			}
			this.unreadable = false;
			return after;
		}
		catch (RuntimeException ex) {
			this.unreadable = true;
			logger.error("{}; the certificate authorities that were read before remain trusted", ex.getMessage());
			return kept;
		}
	}

	private void change(Trust before, TrustSource.Reading after, Instant now) {
		this.leaving.keySet().removeAll(after.trust().authorities());
		int leaving = 0;
		if (before instanceof Trust.Exactly && after.trust() instanceof Trust.Exactly) {
			for (X509Certificate authority : before.authorities()) {
				if (!after.trust().authorities().contains(authority)) {
					this.leaving.put(authority, now.plus(this.overlap));
					leaving++;
				}
			}
		}
		logger.info("The certificate authorities in {} have changed: {} trusted now{}{}", after.origin(),
				after.trust().authorities().size(), (leaving > 0) ? ", %d removed".formatted(leaving) : "",
				(leaving > 0 && !this.overlap.isZero())
						? " and trusted for another " + ReadableDuration.of(this.overlap) : "");
	}

	private Trust withLeaving(Trust trust) {
		return (trust instanceof Trust.Exactly && !this.leaving.isEmpty())
				? Trust.exactly(Stream.concat(trust.authorities().stream(), this.leaving.keySet().stream()).toList())
				: trust;
	}

}
