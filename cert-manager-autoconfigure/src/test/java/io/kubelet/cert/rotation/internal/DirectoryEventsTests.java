package io.kubelet.cert.rotation.internal;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link DirectoryEvents}.
 *
 * @see DirectoryEvents
 */
@ExtendWith(OutputCaptureExtension.class)
class DirectoryEventsTests {

	@TempDir
	Path directory;

	@Test
	void failureOfTheListenerIsReportedAndEndsNothing(CapturedOutput output) throws IOException {
		List<Thread> threads = new CopyOnWriteArrayList<>();
		try (DirectoryEvents events = new DirectoryEvents(DirectoryEventsTests::open, (key, told) -> {
			threads.add(Thread.currentThread());
			throw new IllegalStateException("simulated");
		})) {
			events.watch(this.directory);
			for (int i = 1; i <= 2; i++) {
				int count = i;
				Files.createFile(this.directory.resolve("file" + i));
				await().until(() -> threads.size() >= count);
			}
			assertThat(output).contains("A change of files is not noticed at once");
		}
	}

	/** Whichever thread is the first to watch a directory. */
	@Test
	void eventsDoNotKeepAnApplicationFromEnding() throws Exception {
		List<Thread> threads = new CopyOnWriteArrayList<>();
		try (DirectoryEvents events = new DirectoryEvents(DirectoryEventsTests::open,
				(key, told) -> threads.add(Thread.currentThread()))) {
			FutureTask<WatchKey> watch = new FutureTask<>(() -> events.watch(this.directory));
			Thread main = new Thread(watch);
			main.setDaemon(false);
			main.start();
			watch.get();
			Files.createFile(this.directory.resolve("file"));
			await().until(() -> !threads.isEmpty());
			assertThat(threads).allMatch(Thread::isDaemon);
		}
	}

	@Test
	void directoryThatIsForgottenIsNotWatchedAnyMore() throws IOException {
		try (DirectoryEvents events = new DirectoryEvents(DirectoryEventsTests::open, (key, told) -> {
		})) {
			WatchKey key = events.watch(this.directory);
			assertThat(events.watch(this.directory)).isSameAs(key);
			DirectoryEvents.forget(key);
			assertThat(key.isValid()).isFalse();
		}
	}

	/** As of a context that closes while its first directory is registered. */
	@Test
	void serviceThatIsOpenedAfterTheEndIsClosed() throws IOException {
		WatchService service = open();
		DirectoryEvents events = new DirectoryEvents(() -> service, (key, told) -> {
		});
		events.close();
		try {
			events.watch(this.directory);
		}
		catch (ClosedWatchServiceException ex) {
			// It is closed already
		}
		await().untilAsserted(
				() -> assertThatExceptionOfType(ClosedWatchServiceException.class).isThrownBy(service::poll));
		assertThatCode(events::close).doesNotThrowAnyException();
	}

	private static WatchService open() throws IOException {
		return FileSystems.getDefault().newWatchService();
	}

}
