package io.kubelet.cert.certificate.trust;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.TextFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The authorities in a source. A source of the API or in memory, which tells its changes,
 * is read again at each call if it has changed. Files are read again by {@link #refresh}
 * only, because they may be on a volume that hangs. An authority that is removed from the
 * source remains trusted during the overlap, because its certificates are still in use.
 * If the source cannot be read, the trust remains as it is, and the problem is logged
 * once.
 */
public final class LiveTrust implements Supplier<Trust> {

	private static final Logger logger = LoggerFactory.getLogger(LiveTrust.class);

	private final String prefix;

	private final Source source;

	private final Duration overlap;

	private final Clock clock;

	private final Function<RuntimeException, Trust> unread;

	private final ReentrantLock lock = new ReentrantLock();

	/** That of the last reading, {@code null} before the source has been read. */
	private @Nullable Object version;

	/** Why the source cannot be read, {@code null} if it can. */
	private @Nullable String problem;

	private volatile @Nullable Known last;

	/**
	 * Creates trust that follows a source without any overlap. The first call reads the
	 * source.
	 * @param prefix the beginning of each entry in the log
	 * @param source the source
	 */
	public LiveTrust(String prefix, Source source) {
		this(prefix, source, Duration.ZERO, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), (problem) -> {
			throw problem;
		});
	}

	/**
	 * Creates trust that follows a source. The first call reads the source.
	 * @param prefix the beginning of each entry in the log, such as {@code "[shop] "}
	 * @param source the source
	 * @param overlap how long an authority remains trusted after its removal
	 * @param clock the clock
	 * @param unread returns the trust as long as the source has never been read, given
	 * why it cannot be read; or throws
	 */
	public LiveTrust(String prefix, Source source, Duration overlap, Clock clock,
			Function<RuntimeException, Trust> unread) {
		this.prefix = prefix;
		this.source = source;
		this.overlap = overlap;
		this.clock = clock;
		this.unread = unread;
	}

	/**
	 * Returns the trust of this moment. Does not block, but for the first reading.
	 * @return the trust; equal to the one before until it changes
	 * @throws RuntimeException if the source has never been read and cannot be read now
	 */
	@Override
	public Trust get() {
		Known last = this.last;
		return (last != null && this.source.changes() == null) ? last.at(this.clock.instant()).trust() : refresh();
	}

	/**
	 * Reads the source again if it has changed, which may block. While one thread reads,
	 * the others get the last trust.
	 * @return the trust of this moment
	 * @throws RuntimeException as {@link #get} does
	 */
	public Trust refresh() {
		Instant now = this.clock.instant();
		if (!this.lock.tryLock()) {
			Known last = this.last;
			if (last != null) {
				return last.at(now).trust();
			}
			this.lock.lock();
		}
		try {
			Known known = read(now).at(now);
			this.last = known;
			return known.trust();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Calls a listener when the source has changed, if it tells that.
	 * @param listener called on any thread; must not block
	 */
	public void onChange(Runnable listener) {
		if (this.source.changes() != null) {
			this.source.changes().accept(listener);
		}
	}

	/**
	 * Returns when the trust changes or may have changed, although nothing tells that.
	 * @param interval how often files are to be looked at
	 * @return the time from now, empty if there is no such time
	 */
	public Optional<Duration> untilChange(Duration interval) {
		Known last = this.last;
		if (last == null || this.source.changes() == null) {
			return Optional.of(interval);
		}
		Instant now = this.clock.instant();
		return last.at(now).leaving.values().stream().min(Instant::compareTo).map((end) -> Duration.between(now, end));
	}

	/** A source that cannot be read may become readable without another version. */
	private Known read(Instant now) {
		Known before = this.last;
		try {
			Object version = this.source.version().get();
			if (before != null && this.problem == null && version.equals(this.version)) {
				return before;
			}
			Trust content = this.source.trust().get();
			Known after = (before != null) ? before : new Known(content, Map.of());
			if (!after.content.equals(content)) {
				after = change(after, content, now);
			}
			if (this.version == null) {
				after = withRemoved(after, now);
			}
			this.problem = null;
			this.version = version;
			return after;
		}
		catch (RuntimeException ex) {
			String problem = String.valueOf(ex.getMessage());
			boolean known = problem.equals(this.problem);
			this.problem = problem;
			if (before == null || (this.version == null && !known)) {
				return new Known(this.unread.apply(ex), Map.of());
			}
			if (!known) {
				logger.error(
						"{}{}; the certificate authorities that were read before remain trusted, but not after a restart",
						this.prefix, problem);
			}
			return before;
		}
	}

	/** Others that follow the source may have known more of its authorities. */
	private Known withRemoved(Known first, Instant now) {
		Map<X509Certificate, Instant> leaving = new LinkedHashMap<>();
		this.source.removed().get().forEach((authority, at) -> leaving.put(authority, at.plus(this.overlap)));
		leaving.keySet().removeAll(first.content.authorities());
		leaving.values().removeIf((end) -> !now.isBefore(end));
		leaving.forEach((authority, end) -> logger.info(
				"{}The authority '{}' was removed from {} before, and is trusted until {}", this.prefix,
				ExternalText.subject(authority), this.source.origin().get(), end));
		return new Known(first.content, leaving);
	}

	private Known change(Known before, Trust after, Instant now) {
		Map<X509Certificate, Instant> all = new LinkedHashMap<>(before.leaving);
		all.keySet().removeAll(after.authorities());
		int leaving = 0;
		if (before.content instanceof Trust.Exactly && after instanceof Trust.Exactly) {
			for (X509Certificate authority : before.content.authorities()) {
				if (!after.authorities().contains(authority)) {
					all.put(authority, now.plus(this.overlap));
					leaving++;
				}
			}
		}
		logger.info("{}The certificate authorities in {} have changed: {} trusted now{}{}", this.prefix,
				this.source.origin().get(), after.authorities().size(),
				(leaving > 0) ? ", %d removed".formatted(leaving) : "", (leaving > 0 && !this.overlap.isZero())
						? " and trusted for another " + ReadableDuration.of(this.overlap) : "");
		return new Known(after, all);
	}

	/**
	 * What was read last.
	 *
	 * @param content the content of the source
	 * @param leaving the authorities that were removed, and until when they are trusted
	 */
	private record Known(Trust content, Map<X509Certificate, Instant> leaving) {

		Known at(Instant now) {
			if (this.leaving.isEmpty()) {
				return this;
			}
			Map<X509Certificate, Instant> left = new LinkedHashMap<>(this.leaving);
			left.values().removeIf((end) -> !now.isBefore(end));
			return new Known(this.content, left);
		}

		Trust trust() {
			return (this.content instanceof Trust.Exactly && !this.leaving.isEmpty())
					? Trust.exactly(
							Stream.concat(this.content.authorities().stream(), this.leaving.keySet().stream()).toList())
					: this.content;
		}

	}

	/**
	 * A place from which trust is read.
	 *
	 * @param origin returns where it is, as named in the log
	 * @param version returns a value that changes when the content does; the first call
	 * may wait for an API server, later ones cost little; does not throw once the content
	 * has been read
	 * @param trust reads the content; throws a {@link RuntimeException} whose message
	 * says why it cannot be read
	 * @param removed returns which authorities were removed before the content is read
	 * for the first time, and when
	 * @param changes takes a listener that it calls when the content changes;
	 * {@code null} if nothing tells that, and version or content may block
	 */
	public record Source(Supplier<?> origin, Supplier<?> version, Supplier<Trust> trust,
			Supplier<Map<X509Certificate, Instant>> removed, @Nullable Consumer<Runnable> changes) {

		/**
		 * Creates a source in files, of which it is not known what was removed earlier.
		 * @param origin returns where it is
		 * @param version returns a value that changes when the content does
		 * @param trust reads the content
		 */
		public Source(Supplier<?> origin, Supplier<?> version, Supplier<Trust> trust) {
			this(origin, version, trust, Map::of, null);
		}

		/**
		 * Returns a source that trusts exactly the certificates in a PEM file.
		 * @param file the file
		 * @return the source; reading it throws an {@link IllegalArgumentException} if
		 * the file is missing or contains no certificate
		 */
		public static Source file(Path file) {
			return new Source(() -> file, () -> versionOf(List.of(file)), () -> {
				try {
					return Trust.exactly(Pem.readCertificates(TextFile.read(file)));
				}
				catch (NoSuchFileException ex) {
					throw new IllegalArgumentException("There is no file " + file
							+ ", which must contain the certificates of the authorities in PEM form", ex);
				}
				catch (IOException | MalformedPemException ex) {
					throw new IllegalArgumentException("The file " + file
							+ " must contain the certificates of the authorities in PEM form: " + ex.getMessage(), ex);
				}
			});
		}

		/**
		 * Returns a value that changes when one of some files does.
		 * @param files the files
		 * @return the version
		 */
		public static Object versionOf(List<Path> files) {
			return files.stream().map(Source::version).toList();
		}

		/**
		 * A projected volume changes its links, which changes the version of the file.
		 */
		private static Object version(Path file) {
			try {
				return TextFile.Version.of(file);
			}
			catch (IOException ex) {
				return "unreadable";
			}
		}

	}

}
