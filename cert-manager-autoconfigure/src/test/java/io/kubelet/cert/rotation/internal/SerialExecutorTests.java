package io.kubelet.cert.rotation.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tasks that run one after the other.
 */
@ExtendWith(OutputCaptureExtension.class)
class SerialExecutorTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final SerialExecutor executor = on((task) -> this.time.schedule(task, Duration.ZERO));

	private final List<String> ran = new ArrayList<>();

	@Test
	void tasksRunInTheirOrderOnOneThreadOfTheScheduler() {
		this.executor.execute(() -> this.ran.add("first"));
		this.executor.execute(() -> this.ran.add("second"));
		assertThat(this.ran).isEmpty();
		assertThat(this.time.scheduled()).isOne();
		this.time.settle();
		assertThat(this.ran).containsExactly("first", "second");
		this.executor.execute(() -> this.ran.add("third"));
		assertThat(this.time.scheduled()).isOne();
		this.time.settle();
		assertThat(this.ran).containsExactly("first", "second", "third");
	}

	@Test
	void taskThatFailsIsReportedAndDoesNotEndTheOthers(CapturedOutput output) {
		this.executor.execute(() -> {
			throw new NoClassDefFoundError("a class of another version");
		});
		this.executor.execute(() -> this.ran.add("next"));
		this.time.settle();
		this.executor.execute(() -> this.ran.add("later"));
		this.time.settle();
		assertThat(this.ran).containsExactly("next", "later");
		assertThat(output).containsOnlyOnce("A rotation task failed");
	}

	@Test
	void taskForWhichThereWasNoThreadRunsWithTheNext() {
		AtomicBoolean exhausted = new AtomicBoolean(true);
		SerialExecutor executor = on((task) -> {
			if (exhausted.get()) {
				throw new InternalError("no thread to be had");
			}
			this.time.schedule(task, Duration.ZERO);
		});
		assertThatExceptionOfType(InternalError.class).isThrownBy(() -> executor.execute(() -> this.ran.add("first")));
		exhausted.set(false);
		executor.execute(() -> this.ran.add("second"));
		this.time.settle();
		assertThat(this.ran).containsExactly("first", "second");
	}

	@Test
	void taskThatCannotBeWatchedRuns() {
		SerialExecutor executor = new SerialExecutor(Runnable::run, (task, delay) -> {
			throw new InternalError("no memory for a timer");
		}, this.time, Duration.ofMinutes(1), (stack) -> {
		});
		executor.execute(() -> this.ran.add("first"));
		assertThat(this.ran).containsExactly("first");
	}

	private SerialExecutor on(Executor executor) {
		return new SerialExecutor(executor, this.time, this.time, Duration.ofMinutes(1), (stack) -> {
		});
	}

}
