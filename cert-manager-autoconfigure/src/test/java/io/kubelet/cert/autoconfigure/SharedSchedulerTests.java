package io.kubelet.cert.autoconfigure;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.OwnLog;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SharedScheduler}.
 *
 * @see SharedScheduler
 */
@ExtendWith(OutputCaptureExtension.class)
class SharedSchedulerTests {

	static Stream<Supplier<SharedScheduler>> schedulers() {
		Stream<Supplier<SharedScheduler>> platform = Stream.of(SharedScheduler::ofPlatformThreads);
		return (Runtime.version().feature() < 21) ? platform
				: Stream.concat(platform, Stream.of(SharedScheduler::ofVirtualThreads));
	}

	@ParameterizedTest
	@MethodSource("schedulers")
	void stopsWithWhatIsStillToComeLeftUndone(Supplier<SharedScheduler> schedulers, CapturedOutput output) {
		AtomicBoolean ran = new AtomicBoolean();
		Set<Thread> before = threads().collect(Collectors.toSet());
		SharedScheduler scheduler = schedulers.get();
		scheduler.schedule(() -> ran.set(true), Duration.ofHours(1));
		scheduler.destroy();
		Awaitility.await().untilAsserted(() -> assertThat(threads()).isSubsetOf(before));
		assertThat(ran).isFalse();
		assertThat(OwnLog.lines(output, "WARN")).isEmpty();
	}

	@ParameterizedTest
	@MethodSource("schedulers")
	void stopsWithWhatIsUnderWayDone(Supplier<SharedScheduler> schedulers) throws InterruptedException {
		CountDownLatch started = new CountDownLatch(1);
		CompletableFuture<?> closing = new CompletableFuture<>();
		AtomicBoolean interrupted = new AtomicBoolean();
		AtomicBoolean done = new AtomicBoolean();
		SharedScheduler scheduler = schedulers.get();
		scheduler.schedule(() -> {
			started.countDown();
			closing.join();
			interrupted.set(Thread.currentThread().isInterrupted());
			done.set(true);
		}, Duration.ZERO);
		started.await();
		Thread closer = Thread.currentThread();
		CompletableFuture<?> closed = CompletableFuture.runAsync(() -> {
			Awaitility.await().until(() -> closer.getState() == Thread.State.TIMED_WAITING);
			closing.complete(null);
		});
		scheduler.destroy();
		closed.join();
		assertThat(done).isTrue();
		assertThat(interrupted).isFalse();
	}

	/** As certificates whose volumes hang. */
	@ParameterizedTest
	@MethodSource("schedulers")
	void tasksThatHangStopNoOther(Supplier<SharedScheduler> schedulers) throws InterruptedException {
		Set<Thread> before = threads().collect(Collectors.toSet());
		SharedScheduler scheduler = schedulers.get();
		CompletableFuture<?> restored = new CompletableFuture<>();
		CountDownLatch others = new CountDownLatch(100);
		for (int i = 0; i < 4; i++) {
			scheduler.schedule(restored::join, Duration.ofMillis(i));
		}
		for (int i = 0; i < 100; i++) {
			scheduler.schedule(others::countDown, Duration.ofMillis(i));
		}
		assertThat(others.await(60, TimeUnit.SECONDS)).isTrue();
		assertThat(threads()).filteredOn((thread) -> !before.contains(thread)).hasSizeLessThan(8);
		restored.complete(null);
		scheduler.destroy();
	}

	private static Stream<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("certificate-rotation-"));
	}

}
