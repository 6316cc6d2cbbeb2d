package io.kubelet.cert.export;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The exported files of one certificate. They are written on a thread of their own, and
 * again if that fails. Nothing waits longer than a few seconds for a directory that
 * hangs.
 */
public final class ExportedFiles {

	private static final Logger logger = LoggerFactory.getLogger(ExportedFiles.class);

	/** Less than followers and update handlers together may take. */
	private static final Duration LIMIT = Duration.ofSeconds(4);

	private static final Duration RETRY = Duration.ofSeconds(10);

	private final String name;

	private final ExportSettings settings;

	private final Duration drain;

	private final RotationScheduler scheduler;

	private final Clock clock;

	private final ExportWriter export;

	private final SerialExecutor writes;

	private final List<CertificateManager.Follower> followers = new CopyOnWriteArrayList<>();

	private final ExportFailures failures;

	private volatile @Nullable Source source;

	private volatile boolean replaced;

	private Runnable nextTry = () -> {
	};

	private volatile boolean closed;

	/**
	 * Creates the files of one certificate, which are not written yet.
	 * @param name the certificate's name
	 * @param settings where and how
	 * @param drain how long the previous generation stays
	 * @param executor runs the writes, which may block
	 * @param scheduler runs tasks later
	 * @param clock the clock
	 */
	public ExportedFiles(String name, ExportSettings settings, Duration drain, Executor executor,
			RotationScheduler scheduler, Clock clock) {
		this.name = name;
		this.settings = settings;
		this.drain = drain;
		this.scheduler = scheduler;
		this.clock = clock;
		this.export = new ExportWriter(name, settings);
		this.failures = new ExportFailures(name, settings.directory(), RETRY, LIMIT);
		this.writes = new SerialExecutor(executor, scheduler, LIMIT,
				(stack) -> this.failures.late(stack, clock.instant()));
	}

	/**
	 * Returns where and how the certificate is exported.
	 * @return the settings
	 */
	public ExportSettings settings() {
		return this.settings;
	}

	/**
	 * Adds a follower.
	 * @param follower the follower, called after each export that has changed the files,
	 * and at once if somebody may have read them before a change
	 */
	public void addFollower(CertificateManager.Follower follower) {
		this.followers.add(follower);
		if (this.replaced) {
			update(follower);
		}
	}

	/**
	 * Requires that nothing of somebody else is in the place of the files. A directory
	 * that cannot be read is reported by the export.
	 * @return these files
	 * @throws StoreException if there is something
	 */
	public ExportedFiles requireOwnDirectory() {
		return require(this.export::requireOwnDirectory);
	}

	/**
	 * Requires that the group exists.
	 * @return these files
	 * @throws StoreException if it does not
	 */
	public ExportedFiles requireGroup() {
		return require(this.export::requireGroup);
	}

	/**
	 * Requires that there is a password in its file.
	 * @return these files
	 * @throws StoreException if there is none
	 */
	public ExportedFiles requirePassword() {
		return require(this.export::requirePassword);
	}

	/**
	 * As the files may be on a volume that hangs, nothing waits longer than for an
	 * export.
	 */
	private ExportedFiles require(Check check) {
		AtomicReference<@Nullable StoreException> found = new AtomicReference<>();
		execute(() -> found.set(mistakeIn(check))).join();
		StoreException mistake = found.get();
		if (mistake != null) {
			throw mistake;
		}
		return this;
	}

	private @Nullable StoreException mistakeIn(Check check) {
		try {
			check.run();
		}
		catch (StoreException ex) {
			return ex;
		}
		catch (IOException | RuntimeException | Error ex) {
			// The export reports that
		}
		return null;
	}

	/**
	 * Exports a pair and its authorities, unless they are those of the last call. Returns
	 * when they are written, have failed to be, or after 4 seconds: it goes on then.
	 * @param pair the pair, {@code null} while there is none
	 * @param trust the authorities
	 */
	public void export(@Nullable CertificatePair pair, Trust trust) {
		Source next = (pair != null) ? new Source(pair, trust) : null;
		if (next == null || next.equals(this.source)) {
			return;
		}
		this.replaced = this.source != null;
		this.source = next;
		execute(this::write).join();
	}

	/** If there is no thread, the task runs with the next one. */
	private CompletableFuture<Void> execute(Runnable task) {
		return this.writes.submit(task).exceptionally((ex) -> {
			logger.error("[{}] No thread is available for the export to {}", this.name, this.settings.directory(), ex);
			tryLater();
			return null;
		});
	}

	private void write() {
		Source source = this.source;
		if (source == null) {
			return; // Only a check had no thread
		}
		try {
			succeeded(this.export.write(source.pair, source.trust));
			removeOthersLater();
		}
		catch (CertificateManagerException ex) {
			failed(String.valueOf(ex.getMessage()));
		}
		catch (IOException ex) {
			failed("Cannot export the certificate to %s: %s. Make the directory writable and check that its disk has room"
				.formatted(this.settings.directory(), StoreException.reason(ex)));
		}
		catch (RuntimeException | Error ex) {
			failed("Cannot export the certificate to %s: %s".formatted(this.settings.directory(), ex));
		}
	}

	private void succeeded(boolean changed) {
		this.failures.end();
		if (changed) {
			this.followers.forEach(this::update);
		}
		this.export.reportPlace();
	}

	private void removeOthersLater() throws IOException {
		List<Path> others = this.export.directory().others();
		if (!others.isEmpty() && !this.closed) {
			this.scheduler.schedule(() -> execute(() -> this.export.directory().remove(others)), this.drain);
		}
	}

	private void update(CertificateManager.Follower follower) {
		try {
			follower.updated(this.name);
		}
		catch (RuntimeException | LinkageError ex) {
			logger.error("[{}] {} failed to follow the exported files, so its connections may remain in use", this.name,
					follower.getClass().getName(), ex);
		}
	}

	private void failed(String problem) {
		this.failures.add(problem, this.clock.instant());
		tryLater();
		try {
			// It may be a name only that could not be changed
			removeOthersLater();
		}
		catch (IOException ex) {
			// The next attempt does that
		}
	}

	private synchronized void tryLater() {
		this.nextTry.run();
		if (!this.closed) {
			this.nextTry = this.scheduler.schedule(() -> execute(this::write), RETRY);
		}
	}

	/**
	 * Returns why the files could not be written.
	 * @return the reason and what to do, {@code null} if nothing is wrong
	 */
	public @Nullable String problem() {
		return this.failures.problem();
	}

	/**
	 * Returns since when the files could not be written.
	 * @return the time of the first failure in a row, {@code null} if nothing is wrong
	 */
	public @Nullable Instant failingSince() {
		return this.failures.since();
	}

	/** Ends further attempts. The files stay. */
	public synchronized void close() {
		this.closed = true;
		this.nextTry.run();
	}

	/**
	 * What is exported.
	 *
	 * @param pair the pair
	 * @param trust the authorities
	 */
	private record Source(CertificatePair pair, Trust trust) {

	}

	/** Looks for a mistake. */
	private interface Check {

		void run() throws IOException;

	}

}
