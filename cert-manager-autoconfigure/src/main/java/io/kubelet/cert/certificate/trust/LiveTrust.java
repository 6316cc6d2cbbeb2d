package io.kubelet.cert.certificate.trust;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.trust.LiveSource.Reading;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The authorities in all of some sources. Sources of the API or in memory, which tell
 * their changes, are read again at each call if they have changed. Files are read again
 * when they are followed, or by {@link #refresh}, because they may be on a volume that
 * hangs. A source that hangs or cannot be read keeps the authorities that were read from
 * it, and delays no other one. An authority that is in none of the sources any more
 * remains trusted during the overlap, because its certificates are still in use.
 */
public final class LiveTrust implements Supplier<Trust> {

	private static final Logger logger = LoggerFactory.getLogger(LiveTrust.class);

	private final String prefix;

	private final List<LiveSource> sources;

	private final Duration overlap;

	private final Clock clock;

	private volatile @Nullable Known last;

	/**
	 * Creates trust that follows a source without any overlap. The first call reads the
	 * source.
	 * @param prefix the beginning of each entry in the log
	 * @param source the source
	 */
	public LiveTrust(String prefix, TrustSource source) {
		this(prefix, List.of(new LiveSource(prefix, "", source, (problem) -> {
			throw problem;
		})), Duration.ZERO, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
	}

	/**
	 * Creates trust that follows sources. The first call reads each of them.
	 * @param prefix the beginning of each entry in the log, such as {@code "[shop] "}
	 * @param sources the sources
	 * @param overlap how long an authority remains trusted after its removal
	 * @param clock the clock
	 */
	public LiveTrust(String prefix, List<LiveSource> sources, Duration overlap, Clock clock) {
		this.prefix = prefix;
		this.sources = List.copyOf(sources);
		this.overlap = overlap;
		this.clock = clock;
	}

	/**
	 * Returns the current trust. Does not block, but for the first reading.
	 * @return the trust; equal to the one before until it changes
	 * @throws RuntimeException if a source has never been read and cannot be read now
	 */
	@Override
	public Trust get() {
		boolean first = this.last == null;
		for (LiveSource source : this.sources) {
			if (first || source.isLive()) {
				source.read();
			}
		}
		return current().trust;
	}

	/**
	 * Waits for threads that are reading sources which tell their changes, and reads
	 * these sources again if they have changed since. So {@link #get} returns afterwards
	 * what they contain now, which it may not do while another thread reads them.
	 */
	public void catchUp() {
		this.sources.stream().filter(LiveSource::isLive).forEach(LiveSource::readAfterOthers);
	}

	/**
	 * Reads each source again if it has changed, which may block. While one thread reads
	 * a source, the others go on with what was read last, and read those after it.
	 * @return the current trust
	 * @throws RuntimeException as {@link #get} does
	 */
	public Trust refresh() {
		this.sources.forEach(LiveSource::read);
		return current().trust;
	}

	/**
	 * Calls a listener when a source has changed. Files are read again before.
	 * @param files tells when files may have changed
	 * @param listener called on any thread; must not block
	 * @return ends that for files
	 */
	public Runnable follow(FileChanges files, Runnable listener) {
		List<Runnable> ends = this.sources.stream()
			.map((source) -> source.follow(files, this.clock, listener))
			.toList();
		return () -> ends.forEach(Runnable::run);
	}

	/**
	 * Returns when an authority is not trusted any longer, which nothing tells.
	 * @return the time from now, empty if there is no such time
	 */
	public Optional<Duration> untilChange() {
		Instant now = this.clock.instant();
		return leaving().values().stream().min(Instant::compareTo).map((end) -> Duration.between(now, end));
	}

	/**
	 * Returns what is known of each source. Does not block.
	 * @return the sources, none before the first reading
	 */
	public List<LiveSource.Status> sources() {
		return (this.last != null) ? this.sources.stream().map(LiveSource::status).toList() : List.of();
	}

	/**
	 * Returns the authorities that are in none of the sources any more, but are still
	 * trusted.
	 * @return until when they are
	 */
	public Map<X509Certificate, Instant> leaving() {
		return (this.last != null) ? Map.copyOf(current().leaving) : Map.of();
	}

	/** Sources are read before, and nothing here waits for them. */
	private Known current() {
		Known last = this.last;
		return (last != null && last.leaving.isEmpty() && last.readings.equals(readings())) ? last : update();
	}

	private synchronized Known update() {
		Instant now = this.clock.instant();
		List<Reading> readings = readings();
		Known before = this.last;
		Known after = (before != null && before.readings.equals(readings)) ? before.at(now)
				: change(before, readings, now);
		this.last = after;
		return after;
	}

	private List<Reading> readings() {
		return this.sources.stream().map(LiveSource::last).toList();
	}

	private Known change(@Nullable Known before, List<Reading> readings, Instant now) {
		Known after = new Known(readings, Map.of());
		List<X509Certificate> authorities = after.content.authorities();
		Map<X509Certificate, Instant> leaving = new LinkedHashMap<>();
		if (before != null) {
			leaving.putAll(before.leaving);
			List<X509Certificate> removed = before.content.given()
				.stream()
				.filter((authority) -> !authorities.contains(authority))
				.toList();
			removed.forEach((authority) -> leaving.put(authority, now.plus(this.overlap)));
			logger.info("{}The certificate authorities in {} have changed: {} trusted now{}{}{}", this.prefix,
					changed(before.readings, readings), authorities.size(),
					(readings.size() > 1) ? " with those of the other sources" : "",
					removed.isEmpty() ? "" : ", %d removed".formatted(removed.size()),
					(removed.isEmpty() || this.overlap.isZero()) ? ""
							: " and trusted for another " + ReadableDuration.of(this.overlap));
		}
		leaving.keySet().removeAll(authorities);
		addRemoved(leaving, after, now);
		return new Known(readings, leaving).at(now);
	}

	private String changed(List<Reading> before, List<Reading> after) {
		return IntStream.range(0, after.size())
			.filter((source) -> !before.get(source).trust().equals(after.get(source).trust()))
			.mapToObj((source) -> this.sources.get(source).origin())
			.collect(Collectors.joining(" and "));
	}

	/** Others that follow a source may have known more of its authorities. */
	private void addRemoved(Map<X509Certificate, Instant> leaving, Known after, Instant now) {
		List<X509Certificate> authorities = after.content.authorities();
		for (int i = 0; i < after.readings.size(); i++) {
			LiveSource source = this.sources.get(i);
			after.readings.get(i).removed().forEach((authority, at) -> {
				Instant end = at.plus(this.overlap);
				if (now.isBefore(end) && !authorities.contains(authority)
						&& leaving.putIfAbsent(authority, end) == null) {
					logger.info("{}The authority '{}' was removed from {} before, and is trusted until {}", this.prefix,
							ExternalText.subject(authority), source.origin(), end);
				}
			});
		}
	}

	/**
	 * What was read last.
	 *
	 * @param readings what was read from each source
	 * @param content all of it
	 * @param leaving the authorities that were removed, and until when they are trusted
	 * @param trust the content, and what is leaving
	 */
	private record Known(List<Reading> readings, Trust content, Map<X509Certificate, Instant> leaving, Trust trust) {

		Known(List<Reading> readings, Map<X509Certificate, Instant> leaving) {
			this(readings, readings.stream().map(Reading::trust).reduce(Trust.exactly(List.of()), Trust::and), leaving);
		}

		private Known(List<Reading> readings, Trust content, Map<X509Certificate, Instant> leaving) {
			this(readings, content, leaving, content.and(Trust.exactly(leaving.keySet())));
		}

		Known at(Instant now) {
			if (this.leaving.values().stream().allMatch(now::isBefore)) {
				return this;
			}
			Map<X509Certificate, Instant> left = new LinkedHashMap<>(this.leaving);
			left.values().removeIf((end) -> !now.isBefore(end));
			return new Known(this.readings, this.content, left);
		}

	}

}
