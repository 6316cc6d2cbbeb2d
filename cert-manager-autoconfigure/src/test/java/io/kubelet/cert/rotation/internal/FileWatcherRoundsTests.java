package io.kubelet.cert.rotation.internal;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * When a {@link FileWatcher} looks, in simulated time.
 *
 * @see FileWatcher
 */
@ExtendWith(OutputCaptureExtension.class)
class FileWatcherRoundsTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final AtomicInteger looks = new AtomicInteger();

	@TempDir
	Path directory;

	/** Whatever cannot be scheduled. */
	@ParameterizedTest
	@CsvSource({ "PT0S, 1", "PT0S, 2", "PT10S, 2", "PT10S, 3", "PT10S, 4" })
	void shortageOfMemoryDelaysOneLook(Duration delay, int call, CapturedOutput output) {
		AtomicInteger calls = new AtomicInteger();
		RotationScheduler scarce = (task, after) -> {
			if (after.equals(delay) && calls.incrementAndGet() == call) {
				throw new OutOfMemoryError("simulated");
			}
			return this.time.schedule(task, after);
		};
		try (FileWatcher watcher = new FileWatcher(scarce)) {
			follow(watcher);
			for (int round = 0; round < 3; round++) {
				try {
					this.time.pass(FileChanges.INTERVAL);
				}
				catch (OutOfMemoryError ex) {
					// The thread of a scheduler goes on
				}
			}
			int before = this.looks.get();
			this.time.pass(FileChanges.INTERVAL);
			assertThat(this.looks).hasValue(before + 1);
			assertThat(output.toString().contains("Files are looked at later")).isEqualTo(delay.isZero());
		}
	}

	@Test
	void nothingIsScheduledAfterTheEnd() {
		FileWatcher watcher = new FileWatcher(this.time);
		follow(watcher);
		this.time.settle();
		watcher.close();
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void directoryThatCannotBeWatchedIsTriedAgainAtEachLook() {
		AtomicInteger opened = new AtomicInteger();
		try (FileWatcher watcher = new FileWatcher(this.time, () -> {
			opened.incrementAndGet();
			throw new IOException("simulated");
		})) {
			follow(watcher, this.directory.resolve("tls.crt"));
			this.time.settle();
			int first = opened.get();
			this.time.pass(FileChanges.INTERVAL.multipliedBy(2));
			assertThat(opened).hasValue(3 * first);
		}
	}

	@Test
	void directoryIsWatchedAsLongAsOneOfItsFilesIsFollowed() throws IOException {
		Path shop = Files.createDirectory(this.directory.resolve("shop"));
		Path other = Files.createDirectory(this.directory.resolve("other"));
		WatchService service = FileSystems.getDefault().newWatchService();
		try (FileWatcher watcher = new FileWatcher(this.time, () -> service)) {
			Runnable certificate = follow(watcher, shop.resolve("tls.crt"));
			Runnable key = follow(watcher, shop.resolve("tls.key"));
			Runnable last = follow(watcher, other.resolve("tls.crt"));
			this.time.settle();
			WatchKey ofShop = key(service, shop);
			WatchKey ofOther = key(service, other);
			certificate.run();
			this.time.settle();
			assertThat(ofShop.isValid()).isTrue();
			key.run();
			this.time.settle();
			assertThat(ofShop.isValid()).isFalse();
			assertThat(ofOther.isValid()).isTrue();
			last.run();
			this.time.settle();
			assertThat(ofOther.isValid()).isFalse();
		}
	}

	/** The JDK has one key for each directory. */
	private static WatchKey key(WatchService service, Path directory) throws IOException {
		return directory.register(service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY,
				StandardWatchEventKinds.ENTRY_DELETE);
	}

	@Test
	void fileIsLookedAtOnceItIsQuietOrAfterASecond() throws IOException {
		AtomicInteger events = new AtomicInteger();
		RotationScheduler counting = (task, delay) -> {
			Runnable cancel = this.time.schedule(task, delay);
			if (delay.equals(Duration.ofMillis(200))) {
				events.incrementAndGet();
			}
			return cancel;
		};
		Path file = Files.createFile(this.directory.resolve("tls.crt"));
		try (FileWatcher watcher = new FileWatcher(counting)) {
			follow(watcher, file);
			this.time.settle();
			int before = this.looks.get();
			for (int i = 1; i <= 6; i++) {
				assertThat(this.looks).as("before a second has passed").hasValue(before);
				replace(file, events, i);
				this.time.pass(Duration.ofMillis(190));
			}
			assertThat(this.looks).as("after a second").hasValue(before + 1);
			this.time.pass(Duration.ofSeconds(2));
			assertThat(this.looks).as("there was no other change").hasValue(before + 1);
			replace(file, events, 7);
			this.time.pass(Duration.ofMillis(200));
			assertThat(this.looks).as("once it is quiet").hasValue(before + 2);
			this.time.pass(Duration.ofSeconds(2));
			assertThat(this.looks).as("there was no other change").hasValue(before + 2);
		}
	}

	/** One event for the name. */
	private static void replace(Path file, AtomicInteger events, int count) throws IOException {
		Path next = Files.writeString(file.resolveSibling("next"), "content " + count);
		Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
		await().until(() -> events.get() == count);
	}

	private Runnable follow(FileWatcher watcher, Path... files) {
		return watcher.follow(() -> List.of(files), this.looks::incrementAndGet, (late) -> {
		}, Duration.ZERO);
	}

}
