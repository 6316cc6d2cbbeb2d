package io.kubelet.cert.rotation.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.testsupport.OwnLog;
import io.kubelet.cert.testsupport.Replacement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link FileWatcher}, on real files and threads.
 *
 * @see FileWatcher
 * @see DirectoryEvents
 * @see PathStep
 */
@ExtendWith(OutputCaptureExtension.class)
class FileWatcherTests {

	private static final String FILE = "tls.crt";

	private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(4);

	private final RotationScheduler scheduler = RotationScheduler.of(this.threads);

	private final List<String> seen = new CopyOnWriteArrayList<>();

	@TempDir
	Path directory;

	private Path file = Path.of("");

	/** Does what is due at the interval, and reports what is late, at once or never. */
	private FileWatcher watcher = new FileWatcher(this.scheduler);

	private void watch(Duration interval) {
		this.watcher = new FileWatcher(withInterval(interval));
		this.file = this.directory.resolve("volume").resolve(FILE);
	}

	private RotationScheduler withInterval(Duration interval) {
		return (task, delay) -> this.scheduler.schedule(task, delay.equals(FileChanges.INTERVAL) ? interval : delay);
	}

	/** Those of contexts that other tests keep. */
	private final Set<Thread> others = threadsOfWatchers();

	@AfterEach
	void close() {
		this.watcher.close();
		await().until(() -> this.others.containsAll(threadsOfWatchers()));
		this.threads.shutdownNow();
	}

	private static Set<Thread> threadsOfWatchers() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().equals("certificate-files"))
			.collect(Collectors.toSet());
	}

	@ParameterizedTest
	@EnumSource
	void eachWayOfReplacingAFileIsTold(Replacement way) throws IOException {
		watch(Duration.ofDays(1));
		way.replace(this.directory, 1, Map.of(FILE, "1"));
		follow();
		awaitWatched();
		for (int generation = 2; generation <= 3; generation++) {
			String content = "generation " + generation;
			way.replace(this.directory, generation, Map.of(FILE, content));
			await().until(() -> this.seen.contains(content));
		}
	}

	@Test
	void fileWhoseDirectoryDoesNotExistYetIsFollowed() throws IOException {
		watch(Duration.ofDays(1));
		follow();
		awaitWatched();
		Replacement.DATA.replace(this.directory, 1, Map.of(FILE, "1"));
		await().until(() -> this.seen.contains("1"));
	}

	@Test
	void fileThatTheFileSystemTellsNothingAboutIsLookedAtAtTheInterval(CapturedOutput output) throws IOException {
		AtomicInteger opened = new AtomicInteger();
		this.watcher = new FileWatcher(withInterval(Duration.ofMillis(20)), () -> {
			opened.incrementAndGet();
			throw new IOException("User limit of inotify instances reached or too many open files");
		});
		this.file = this.directory.resolve("volume").resolve(FILE);
		for (int generation = 1; generation <= 3; generation++) {
			String content = "generation " + generation;
			Replacement.REMOUNTED.replace(this.directory, generation, Map.of(FILE, content));
			if (generation == 1) {
				follow();
			}
			await().until(() -> this.seen.contains(content));
		}
		assertThat(opened).hasValueGreaterThan(1);
		assertThat(output.getOut().lines().filter((line) -> line.contains("cannot be watched"))).singleElement()
			.asString()
			.contains("Changes of files are noticed after up to 10s rather than at once, because a directory cannot be "
					+ "watched: java.io.IOException: User limit of inotify instances reached or too many open files",
					"raise fs.inotify.max_user_instances");
	}

	@Test
	void otherFilesOfADirectoryAreNotLookedAt() throws IOException {
		watch(Duration.ofDays(1));
		Replacement.IN_PLACE.replace(this.directory, 1, Map.of(FILE, "1", "other", "1"));
		Path other = this.file.resolveSibling("other");
		AtomicInteger others = new AtomicInteger();
		follow(other, others::incrementAndGet);
		follow();
		awaitWatched();
		await().until(() -> others.get() == 2);
		for (int i = 0; i < 3; i++) {
			Files.writeString(this.file, "change " + i);
			String content = "change " + i;
			await().until(() -> this.seen.contains(content));
		}
		assertThat(others).hasValue(2);
		Files.writeString(other, "2");
		await().until(() -> others.get() == 3);
	}

	/** Events of one replacement come in a burst. */
	@Test
	void fileIsNotLookedAtForEachEvent() throws IOException {
		watch(Duration.ofDays(1));
		Replacement.IN_PLACE.replace(this.directory, 1, Map.of(FILE, "1"));
		follow();
		awaitWatched();
		for (int i = 0; i <= 1000; i++) {
			Files.writeString(this.file, "change " + i);
		}
		await().until(() -> this.seen.contains("change 1000"));
		assertThat(this.seen).hasSizeLessThan(200);
	}

	@Test
	void fileSystemThatDoesNotRespondDelaysNoOtherFileAndIsReportedOnce(CapturedOutput output) throws IOException {
		watch(Duration.ofMillis(50));
		Path volume = Replacement.IN_PLACE.replace(this.directory, 1, Map.of(FILE, "1"));
		CountDownLatch end = new CountDownLatch(1);
		List<Boolean> late = new CopyOnWriteArrayList<>();
		this.watcher.follow(() -> List.of(volume.resolve("hanging")),
				() -> assertThatCode(end::await).doesNotThrowAnyException(), late::add, Duration.ZERO);
		follow();
		await().until(() -> late.equals(List.of(true)));
		for (int i = 0; i < 3; i++) {
			String content = "change " + i;
			Files.writeString(this.file, content);
			await().until(() -> this.seen.contains(content));
		}
		end.countDown();
		await().until(() -> late.equals(List.of(true, false)));
		assertThat(output)
			.containsOnlyOnce("The file system of [%s] has not responded for 10s: what was read last remains in use"
				.formatted(volume.resolve("hanging")))
			.contains("The file system of [%s] responds again".formatted(volume.resolve("hanging")));
	}

	/** The JDK registers all directories on one thread. */
	@Test
	void directoryThatCannotBeRegisteredForLongDelaysNoLook(CapturedOutput output) throws IOException {
		CountDownLatch end = new CountDownLatch(1);
		this.watcher = new FileWatcher(withInterval(Duration.ofMillis(50)), () -> {
			assertThatCode(end::await).doesNotThrowAnyException();
			throw new IOException("at last");
		});
		this.file = Replacement.IN_PLACE.replace(this.directory, 1, Map.of(FILE, "1")).resolve(FILE);
		follow();
		await().until(() -> output.getOut().contains("rather than at once, because a file system does not respond"));
		Files.writeString(this.file, "2");
		await().until(() -> this.seen.contains("2"));
		end.countDown();
		await().until(() -> output.getOut().contains("at last"));
	}

	@Test
	void whatIsNotFollowedAnyMoreIsNotLookedAt() throws IOException {
		watch(Duration.ofMillis(20));
		Replacement.IN_PLACE.replace(this.directory, 1, Map.of(FILE, "1"));
		Runnable end = follow();
		awaitWatched();
		AtomicInteger others = new AtomicInteger();
		follow(this.file, others::incrementAndGet);
		end.run();
		await().until(() -> others.get() > 3);
		int looks = this.seen.size();
		int before = others.get();
		await().until(() -> others.get() > before + 3);
		assertThat(this.seen).hasSize(looks);
	}

	/** A context ends both, in any order. */
	@Test
	void endAfterTheWatcherHasEndedIsNoError(CapturedOutput output) throws IOException, InterruptedException {
		watch(Duration.ofMillis(20));
		Replacement.IN_PLACE.replace(this.directory, 1, Map.of(FILE, "1"));
		Runnable end = follow();
		awaitWatched();
		this.watcher.close();
		await().until(() -> this.others.containsAll(threadsOfWatchers()));
		end.run();
		this.threads.shutdown();
		assertThat(this.threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
		assertThat(OwnLog.lines(output, "ERROR")).isEmpty();
	}

	@Test
	void shortageOfMemoryEndsNeitherLooksNorEvents() throws IOException {
		AtomicInteger failures = new AtomicInteger();
		RotationScheduler often = withInterval(Duration.ofMillis(20));
		this.watcher = new FileWatcher((task, delay) -> {
			if (failures.getAndUpdate((left) -> Math.max(0, left - 1)) > 0) {
				throw new OutOfMemoryError("simulated");
			}
			return often.schedule(task, delay);
		});
		this.file = Replacement.IN_PLACE.replace(this.directory, 1, Map.of(FILE, "1")).resolve(FILE);
		follow();
		awaitWatched();
		for (int i = 1; i <= 20; i++) {
			failures.set(1);
			String content = "change " + i;
			Files.writeString(this.file, content);
			await().until(() -> this.seen.contains(content));
		}
		int looks = this.seen.size();
		await().until(() -> this.seen.size() > looks + 3);
	}

	@Test
	void authoritiesAreLookedAtBeforePairsThatCameWithThem() throws IOException {
		watch(Duration.ofDays(1));
		Replacement.DATA.replace(this.directory, 1, Map.of(FILE, "1"));
		List<String> looks = new CopyOnWriteArrayList<>();
		this.watcher.follow(() -> List.of(this.file), () -> looks.add("pair"), (late) -> {
		}, FileChanges.AFTER_AUTHORITIES);
		follow(this.file, () -> looks.add("authorities"));
		await().until(() -> looks.size() == 4);
		looks.clear();
		Replacement.DATA.replace(this.directory, 2, Map.of(FILE, "2"));
		await().until(() -> looks.contains("pair"));
		assertThat(looks).startsWith("authorities");
	}

	private void follow(Path file, Runnable look) {
		this.watcher.follow(() -> List.of(file), look, (late) -> {
		}, Duration.ZERO);
	}

	private Runnable follow() {
		return this.watcher.follow(() -> List.of(this.file), () -> {
			try {
				this.seen.add(Files.readString(this.file));
			}
			catch (IOException ex) {
				this.seen.add("missing");
			}
		}, (late) -> {
		}, Duration.ZERO);
	}

	/** After registering, there is a look. */
	private void awaitWatched() {
		await().until(() -> this.seen.size() >= 2);
	}

}
