package io.kubelet.cert.rotation.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tasks that run one after the other.
 *
 * @see SerialExecutor
 * @see TimeLimit
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
		this.executor.execute(() -> {
			throw new ErrorThatCannotBeLogged();
		});
		this.executor.execute(() -> this.ran.add("next"));
		this.time.settle();
		this.executor.execute(() -> this.ran.add("later"));
		this.time.settle();
		assertThat(this.ran).containsExactly("next", "later");
		assertThat(output).containsOnlyOnce("A rotation task failed");
	}

	/** A pool may throw because it cannot start a thread, and yet run the task later. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void taskForWhichThereWasNoThreadRunsWithTheNext(boolean runsLate) {
		List<Runnable> runs = new ArrayList<>();
		AtomicBoolean exhausted = new AtomicBoolean(true);
		SerialExecutor executor = on((run) -> {
			if (runsLate || !exhausted.get()) {
				runs.add(run);
			}
			if (exhausted.get()) {
				throw new InternalError("no thread to be had");
			}
		});
		assertThatExceptionOfType(InternalError.class).isThrownBy(() -> executor.execute(() -> this.ran.add("first")));
		exhausted.set(false);
		executor.execute(() -> {
			this.ran.add("second begins");
			runs.get(runs.size() - 1).run();
			this.ran.add("second ends");
		});
		executor.execute(() -> this.ran.add("third"));
		List.copyOf(runs).forEach(Runnable::run);
		assertThat(this.ran).containsExactly("first", "second begins", "second ends", "third");
	}

	@Test
	void taskThatCannotBeWatchedRuns(CapturedOutput output) {
		SerialExecutor executor = on(Runnable::run, (task, delay) -> {
			throw this.ran.isEmpty() ? new InternalError("no memory for a timer") : new ErrorThatCannotBeLogged();
		});
		executor.execute(() -> this.ran.add("first"));
		executor.execute(() -> this.ran.add("second"));
		assertThat(this.ran).containsExactly("first", "second");
		assertThat(output).containsOnlyOnce("A rotation task is not watched");
	}

	@Test
	void taskThatIsLateIsReportedOnceAndOnceMoreWhenItReturns() {
		this.executor.execute(() -> {
			this.time.pass(Duration.ofSeconds(59));
			this.ran.add("in time");
		});
		this.executor.execute(() -> {
			this.time.pass(Duration.ofHours(1));
			this.ran.add("hung");
		});
		this.executor.execute(() -> this.ran.add("next"));
		this.time.settle();
		assertThat(this.ran).containsExactly("in time", "late", "hung", "returned", "next");
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void taskRunsAtOnceOnlyIfNoOtherOneRuns(CapturedOutput output) {
		this.executor.execute(() -> assertThat(this.executor.runIfIdle(() -> this.ran.add("busy"))).isFalse());
		assertThat(this.executor.executeIfIdle(() -> this.ran.add("scheduled"))).isFalse();
		this.time.settle();
		assertThat(this.executor.runIfIdle(() -> {
			this.executor.execute(() -> this.ran.add("next"));
			this.ran.add("at once");
		})).isTrue();
		assertThat(this.ran).containsExactly("at once", "next");
		assertThat(this.executor.runIfIdle(() -> {
			throw new InternalError("no memory for a template");
		})).isTrue();
		assertThat(output).contains("A rotation task failed");
		assertThat(this.executor.executeIfIdle(() -> this.ran.add("soon"))).isTrue();
		this.time.settle();
		assertThat(this.ran).containsExactly("at once", "next", "soon");
	}

	/** As of an application that has stopped while a call hangs. */
	@Test
	void waitEndsAlthoughTheSchedulerHasEnded() {
		SerialExecutor executor = new SerialExecutor((task) -> {
		}, (task, delay) -> () -> {
		}, Duration.ofMillis(50), this::late);
		assertThat(executor.submit(() -> this.ran.add("hung"))).succeedsWithin(Duration.ofMinutes(1));
	}

	@Test
	void callerWaitsForATaskNoLongerThanTheLimit() {
		CompletableFuture<Void> failed = this.executor.submit(() -> {
			throw new InternalError("no memory for a task");
		});
		this.time.settle();
		assertThat(failed).isCompletedWithValue(null);
		assertThat(this.time.scheduled()).isZero();
		this.executor.execute(() -> {
			CompletableFuture<Void> waits = this.executor.submit(() -> this.ran.add("next"));
			this.time.pass(Duration.ofSeconds(59));
			assertThat(waits).isNotDone();
			this.time.pass(Duration.ofSeconds(1));
			assertThat(waits).isCompletedWithValue(null);
			this.ran.add("hung");
		});
		this.time.settle();
		assertThat(this.ran).containsExactly("late", "hung", "returned", "next");
	}

	@Test
	void callerLearnsThatThereIsNoThread() {
		SerialExecutor executor = on((task) -> {
			throw new InternalError("no thread to be had");
		});
		assertThat(executor.submit(() -> this.ran.add("waits"))).isCompletedExceptionally();
	}

	/** As if there were no memory for that either. */
	private static final class ErrorThatCannotBeLogged extends InternalError {

		@Override
		public String getMessage() {
			throw new OutOfMemoryError("no memory for an entry of the log");
		}

	}

	private SerialExecutor on(Executor executor) {
		return on(executor, this.time);
	}

	private SerialExecutor on(Executor executor, RotationScheduler scheduler) {
		return new SerialExecutor(executor, scheduler, Duration.ofMinutes(1), this::late);
	}

	private Runnable late(Throwable stack) {
		this.ran.add("late");
		return () -> this.ran.add("returned");
	}

}
