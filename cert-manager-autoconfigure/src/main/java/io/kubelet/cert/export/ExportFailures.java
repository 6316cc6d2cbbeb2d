package io.kubelet.cert.export;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.internal.Repetitions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why the files of a certificate could not be exported: attempts that have failed in a
 * row, and one that has not returned. One thread at a time adds failures; any thread asks
 * for them.
 */
final class ExportFailures {

	private static final Logger logger = LoggerFactory.getLogger(ExportFailures.class);

	private final String name;

	private final Path directory;

	private final Duration retry;

	/** How long an attempt may take. */
	private final Duration limit;

	private final Repetitions repetitions = new Repetitions();

	private int count;

	/** {@code null} if the last attempt has not failed. */
	private volatile @Nullable Failure last;

	/** {@code null} if no attempt is late. */
	private volatile @Nullable Instant lateSince;

	ExportFailures(String name, Path directory, Duration retry, Duration limit) {
		this.name = name;
		this.directory = directory;
		this.retry = retry;
		this.limit = limit;
	}

	void add(String problem, Instant now) {
		Failure before = this.last;
		this.last = new Failure(problem, (before != null) ? before.since : now);
		this.count++;
		if (this.repetitions.isToBeLogged(problem, this.count, now)) {
			logger.warn(
					"[{}] {}. Until then, drivers and sidecars have the files of the previous certificate, or none. The export is tried again every {}",
					this.name, problem, ReadableDuration.of(this.retry));
		}
	}

	void end() {
		if (this.count > 0) {
			logger.info("[{}] The certificate is exported to {} again", this.name, this.directory);
		}
		this.count = 0;
		this.last = null;
	}

	/** An attempt has not returned in time; the result is called when it has. */
	Runnable late(Throwable stack, Instant now) {
		this.lateSince = now.minus(this.limit);
		logger.warn("[{}] {}", this.name, hanging(), stack);
		return () -> {
			this.lateSince = null;
			logger.info("[{}] The export to {} has returned", this.name, this.directory);
		};
	}

	/** Returns what is wrong, {@code null} if nothing is. */
	@Nullable String problem() {
		Failure failure = this.last;
		return (this.lateSince != null) ? hanging() : (failure != null) ? failure.problem : null;
	}

	private String hanging() {
		return "The export of the certificate to %s has not returned for %s: check whether the file system hangs"
			.formatted(this.directory, ReadableDuration.of(this.limit));
	}

	/** Returns since when something is wrong, {@code null} if nothing is. */
	@Nullable Instant since() {
		Failure failure = this.last;
		return (failure != null) ? failure.since : this.lateSince;
	}

	/**
	 * Why the files could not be written.
	 *
	 * @param problem the last problem, and what to do
	 * @param since when the first attempt failed
	 */
	private record Failure(String problem, Instant since) {

	}

}
