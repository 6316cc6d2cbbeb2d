package io.kubelet.cert.certificate.trust;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

import io.kubelet.cert.certificate.FileChanges;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One source of trust, and what was read from it last. If it cannot be read, that
 * remains, and the problem is logged once.
 */
public final class LiveSource {

	private static final Logger logger = LoggerFactory.getLogger(LiveSource.class);

	private static final String HANGS = "The file system does not respond: check its server. What was read last remains trusted";

	private final String prefix;

	private final String property;

	private final TrustSource source;

	private final Function<RuntimeException, Trust> untilRead;

	private final ReentrantLock lock = new ReentrantLock();

	/** That of the last reading, {@code null} before the source has been read. */
	private @Nullable Object version;

	/** Why the source cannot be read, {@code null} if it can. */
	private volatile @Nullable String problem;

	/** When it could not be read any more, {@code null} if it can. */
	private @Nullable Instant failingSince;

	private volatile boolean hangs;

	private volatile @Nullable Reading last;

	/**
	 * Follows a source.
	 * @param prefix the beginning of each entry in the log, such as {@code "[shop] "}
	 * @param property the property that names it, as reported
	 * @param source the source
	 * @param untilRead returns the trust as long as the source has never been read, given
	 * why it cannot be read; or throws
	 */
	public LiveSource(String prefix, String property, TrustSource source, Function<RuntimeException, Trust> untilRead) {
		this.prefix = prefix;
		this.property = property;
		this.source = source;
		this.untilRead = untilRead;
	}

	/** Returns whether it tells its changes, so that reading it does not block. */
	boolean isLive() {
		return this.source.changes() != null;
	}

	/**
	 * Calls a listener whenever it has changed. It is read before if that may block.
	 * @param files tells when files may have changed
	 * @param clock the clock
	 * @param listener called on any thread; must not block
	 * @return ends that for files
	 */
	Runnable follow(FileChanges files, InstantSource clock, Runnable listener) {
		if (this.source.changes() == null) {
			return files.follow(this.source.files(), () -> look(clock.instant(), listener), (late) -> this.hangs = late,
					Duration.ZERO);
		}
		this.source.changes().accept(listener);
		return () -> {
		};
	}

	private void look(Instant now, Runnable listener) {
		Reading before = this.last;
		read(now);
		if (this.last != before) {
			listener.run();
		}
	}

	/** Returns where it is. */
	String origin() {
		return this.source.origin().get().toString();
	}

	/** Returns what was read last. It has been read, or replaced, before. */
	Reading last() {
		return Objects.requireNonNull(this.last);
	}

	/**
	 * Reads it again if it has changed, which may block. While one thread reads, the
	 * others go on with what was read last.
	 * @throws RuntimeException if it has never been read and must have been
	 */
	public void read() {
		read(null);
	}

	/** At such a time, another program may be replacing it. */
	private void read(@Nullable Instant now) {
		if (this.lock.tryLock()) {
			try {
				readIfChanged();
			}
			catch (RuntimeException ex) {
				keep(ex, now);
			}
			finally {
				this.lock.unlock();
			}
		}
		else if (this.last == null) {
			readAfterOthers();
		}
	}

	/** As {@link #read}, but waits for a thread that reads, which may be too early. */
	void readAfterOthers() {
		this.lock.lock();
		try {
			read();
		}
		finally {
			this.lock.unlock();
		}
	}

	/** A source that cannot be read may become readable without another version. */
	private void readIfChanged() {
		Object version = this.source.version().get();
		Reading last = this.last;
		if (last != null && this.problem == null && version.equals(this.version)) {
			this.failingSince = null;
			return;
		}
		Trust content = this.source.trust().get();
		this.last = new Reading(content,
				(last == null || this.version == null) ? Map.copyOf(this.source.removed().get()) : last.removed);
		boolean again = this.problem != null && this.version != null;
		this.problem = null;
		this.failingSince = null;
		this.version = version;
		if (again) {
			logger.info("{}The certificate authorities in {} can be read again", this.prefix, origin());
		}
	}

	private void keep(RuntimeException ex, @Nullable Instant now) {
		String problem = String.valueOf(ex.getMessage());
		if (now != null && this.version != null && isBeingReplaced(problem, now)) {
			return;
		}
		boolean known = problem.equals(this.problem);
		this.problem = problem;
		if (this.last == null || (this.version == null && !known)) {
			this.last = new Reading(this.untilRead.apply(ex), Map.of());
		}
		else if (!known) {
			logger.error(
					"{}{}; the certificate authorities that were read before remain trusted, but not after a restart",
					this.prefix, problem);
		}
	}

	private boolean isBeingReplaced(String problem, Instant now) {
		if (this.failingSince == null) {
			this.failingSince = now;
			logger.info("{}{}; it is read again, since another program may be replacing it", this.prefix, problem);
		}
		return Duration.between(this.failingSince, now).abs().compareTo(FileChanges.INTERVAL) < 0;
	}

	Status status() {
		String problem = this.hangs ? HANGS : this.problem;
		return new Status(this.property, origin(), last().trust,
				(problem != null) ? problem : this.source.problem().get());
	}

	/**
	 * What was read.
	 *
	 * @param trust the content
	 * @param removed which authorities had been removed before the first reading, and
	 * when
	 */
	record Reading(Trust trust, Map<X509Certificate, Instant> removed) {
	}

	/**
	 * What is known of a source.
	 *
	 * @param property the property that names it
	 * @param origin where it is
	 * @param trust what was read from it last
	 * @param problem why it cannot be read or watched now, {@code null} if it can
	 */
	public record Status(String property, String origin, Trust trust, @Nullable String problem) {
	}

}
