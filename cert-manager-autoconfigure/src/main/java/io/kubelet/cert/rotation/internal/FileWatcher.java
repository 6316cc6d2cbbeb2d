package io.kubelet.cert.rotation.internal;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.RotationScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the directories on the way to files. An event is only a hint to look at a file.
 * All are also looked at periodically, because a network file system tells no changes of
 * other hosts, a mount causes no event, and the kernel may have no more watches.
 * <p>
 * The model was the {@code FileWatcher} of Spring Boot: it registers directories, follows
 * links, and waits for a quiet period. Here, a directory that has taken the place of
 * another one is registered as well, and a directory that cannot be registered, or whose
 * file system does not respond, delays nothing.
 */
public final class FileWatcher implements FileChanges, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(FileWatcher.class);

	/** A file that is being written, or replaced after another one, is not read yet. */
	private static final Duration QUIET = Duration.ofMillis(200);

	/** There may never be a quiet period. */
	private static final Duration LONGEST = Duration.ofSeconds(1);

	private static final Runnable NOTHING = () -> {
	};

	private final RotationScheduler scheduler;

	private final DirectoryEvents events;

	private final SerialExecutor registrations;

	private final Set<Followed> followed = ConcurrentHashMap.newKeySet();

	private Runnable nextRound = NOTHING;

	private boolean roundIsDue;

	private boolean reported;

	private volatile boolean closed;

	/**
	 * Creates a watcher, which does nothing before there is something to follow.
	 * @param scheduler runs what accesses files
	 */
	public FileWatcher(RotationScheduler scheduler) {
		this(scheduler, () -> FileSystems.getDefault().newWatchService());
	}

	FileWatcher(RotationScheduler scheduler, DirectoryEvents.Opener opener) {
		this.scheduler = scheduler;
		this.events = new DirectoryEvents(opener,
				(key, events) -> this.followed.forEach((one) -> one.changed(key, events)));
		this.registrations = new SerialExecutor(this::execute, scheduler, INTERVAL, this::unregistered);
	}

	private void execute(Runnable task) {
		this.scheduler.schedule(task, Duration.ZERO);
	}

	@Override
	public Runnable follow(Supplier<List<Path>> files, Runnable look, Consumer<Boolean> late, Duration delay) {
		Followed one = new Followed(files, look, late, delay);
		this.followed.add(one);
		roundLater();
		one.lookSoon();
		return () -> {
			this.followed.remove(one);
			this.registrations.execute(() -> one.register(Set.of()));
		};
	}

	/** Each look tries it, in case there was no memory for the last one. */
	private synchronized void roundLater() {
		if (!this.roundIsDue && !this.followed.isEmpty() && !this.closed) {
			this.nextRound = this.scheduler.schedule(this::round, INTERVAL);
			this.roundIsDue = true;
		}
	}

	private void round() {
		synchronized (this) {
			this.roundIsDue = false;
		}
		this.followed.forEach(Followed::lookSoon);
		roundLater();
	}

	private Runnable unregistered(Throwable stack) {
		logger.warn("Changes of files are noticed after up to {} rather than at once, because a file system does not "
				+ "respond", ReadableDuration.of(INTERVAL), stack);
		return () -> logger.info("All file systems respond: changes of files are noticed at once again");
	}

	private void report(Exception ex) {
		if (!(ex instanceof NoSuchFileException || ex instanceof NotDirectoryException) && !this.closed
				&& !this.reported) {
			this.reported = true;
			logger
				.warn("Changes of files are noticed after up to {} rather than at once, because a directory cannot be "
						+ "watched: {}. If a limit is reached, raise fs.inotify.max_user_instances or "
						+ "fs.inotify.max_user_watches", ReadableDuration.of(INTERVAL), ex.toString());
		}
	}

	@Override
	public synchronized void close() {
		this.closed = true;
		this.nextRound.run();
		this.events.close();
	}

	/** Files, and what looks at them. */
	private final class Followed {

		private final Supplier<List<Path>> files;

		private final Runnable look;

		private final Consumer<Boolean> late;

		private final SerialExecutor looks;

		/** Whether a look is to begin, which one that hangs delays. */
		private final AtomicBoolean due = new AtomicBoolean();

		/** Those whose directories are all watched. */
		private volatile Set<PathStep> steps = Set.of();

		/** The names that matter in each directory. */
		private volatile Map<WatchKey, Set<Path>> watched = Map.of();

		private Runnable afterQuiet = NOTHING;

		private Runnable atLatest = NOTHING;

		private boolean waiting;

		Followed(Supplier<List<Path>> files, Runnable look, Consumer<Boolean> late, Duration delay) {
			this.files = files;
			this.look = look;
			this.late = late;
			this.looks = new SerialExecutor((task) -> FileWatcher.this.scheduler.schedule(task, delay),
					FileWatcher.this.scheduler, INTERVAL, this::late);
		}

		void lookSoon() {
			if (this.due.compareAndSet(false, true)) {
				try {
					this.looks.execute(this::look);
				}
				catch (RuntimeException | Error ex) {
					this.due.set(false);
					TimeLimit.log("Files are looked at later", ex);
				}
			}
		}

		private void look() {
			this.due.set(false);
			roundLater();
			Set<PathStep> steps = PathStep.to(this.files.get());
			if (!steps.equals(this.steps) || !this.watched.keySet().stream().allMatch(WatchKey::isValid)) {
				FileWatcher.this.registrations.execute(() -> register(steps));
			}
			this.look.run();
		}

		/** What has changed meanwhile is found by the look that follows. */
		void register(Set<PathStep> steps) {
			Map<WatchKey, Set<Path>> before = this.watched;
			Map<WatchKey, Set<Path>> now = new HashMap<>();
			boolean complete = true;
			for (PathStep step : FileWatcher.this.followed.contains(this) ? steps : Set.<PathStep>of()) {
				try {
					WatchKey key = FileWatcher.this.events.watch(step.directory());
					now.computeIfAbsent(key, (directory) -> new HashSet<>()).add(step.name());
				}
				catch (AccessDeniedException ex) {
					// What happens in a directory that cannot be listed is not told
				}
				catch (IOException | ClosedWatchServiceException ex) {
					complete = false;
					report(ex);
				}
			}
			this.watched = now;
			this.steps = complete ? steps : Set.of();
			before.keySet()
				.stream()
				.filter((key) -> FileWatcher.this.followed.stream().noneMatch((one) -> one.watched.containsKey(key)))
				.forEach(DirectoryEvents::forget);
			if (!now.equals(before)) {
				lookSoon();
			}
		}

		/** Also if it is not known what has changed, or the directory is gone. */
		void changed(WatchKey key, List<WatchEvent<?>> events) {
			Set<Path> names = this.watched.getOrDefault(key, Set.of());
			if (!names.isEmpty() && (events.isEmpty() || events.stream()
				.anyMatch((event) -> event.context() == null || names.contains(event.context())))) {
				lookWhenQuiet();
			}
		}

		private synchronized void lookWhenQuiet() {
			this.afterQuiet.run();
			this.afterQuiet = FileWatcher.this.scheduler.schedule(this::isQuiet, QUIET);
			if (!this.waiting) {
				this.waiting = true;
				this.atLatest = FileWatcher.this.scheduler.schedule(this::isQuiet, LONGEST);
			}
		}

		private synchronized void isQuiet() {
			this.afterQuiet.run();
			this.atLatest.run();
			this.waiting = false;
			lookSoon();
		}

		private Runnable late(Throwable stack) {
			logger.warn("The file system of {} has not responded for {}: what was read last remains in use",
					this.files.get(), ReadableDuration.of(INTERVAL), stack);
			this.late.accept(true);
			return () -> {
				logger.info("The file system of {} responds again", this.files.get());
				this.late.accept(false);
			};
		}

	}

}
