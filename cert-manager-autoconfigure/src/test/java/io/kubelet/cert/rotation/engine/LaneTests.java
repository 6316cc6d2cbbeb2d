package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tasks that run one after the other.
 */
@ExtendWith(OutputCaptureExtension.class)
class LaneTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final Lane lane = new Lane((task) -> this.time.schedule(task, Duration.ZERO));

	private final List<String> ran = new ArrayList<>();

	@Test
	void tasksRunInTheirOrderOnOneThreadOfTheScheduler() {
		this.lane.execute(() -> this.ran.add("first"));
		this.lane.execute(() -> this.ran.add("second"));
		assertThat(this.ran).isEmpty();
		assertThat(this.time.scheduled()).isOne();
		this.time.settle();
		assertThat(this.ran).containsExactly("first", "second");
		this.lane.execute(() -> this.ran.add("third"));
		assertThat(this.time.scheduled()).isOne();
		this.time.settle();
		assertThat(this.ran).containsExactly("first", "second", "third");
	}

	@Test
	void taskOfATaskRunsAfterIt() {
		this.lane.execute(() -> {
			this.lane.execute(() -> this.ran.add("inner"));
			this.ran.add("outer");
		});
		this.lane.execute(() -> this.ran.add("next"));
		this.time.settle();
		assertThat(this.ran).containsExactly("outer", "next", "inner");
		assertThat(this.time.scheduled()).isZero();
	}

	@ParameterizedTest
	@MethodSource("mistakes")
	void taskThatFailsIsReportedAndDoesNotEndTheLane(Runnable mistake, CapturedOutput output) {
		this.lane.execute(mistake);
		this.lane.execute(() -> this.ran.add("next"));
		this.time.settle();
		this.lane.execute(() -> this.ran.add("later"));
		this.time.settle();
		assertThat(this.ran).containsExactly("next", "later");
		assertThat(output).containsOnlyOnce("A rotation task failed");
	}

	static Stream<Runnable> mistakes() {
		return Stream.of(() -> {
			throw new IllegalStateException("a mistake");
		}, () -> {
			throw new NoClassDefFoundError("a class of another version");
		}, () -> {
			throw new StackOverflowError("too deep");
		});
	}

	/** As an executor without a thread to spare: it throws, and may yet run the task. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void laneThatFoundNoThreadGoesOnWithTheNextTask(boolean runsLate) {
		AtomicBoolean exhausted = new AtomicBoolean(true);
		Lane lane = new Lane((task) -> {
			if (!exhausted.get() || runsLate) {
				this.time.schedule(task, Duration.ZERO);
			}
			if (exhausted.get()) {
				throw new InternalError("no thread to be had");
			}
		});
		assertThatExceptionOfType(InternalError.class).isThrownBy(() -> lane.execute(() -> this.ran.add("first")));
		exhausted.set(false);
		lane.execute(() -> {
			this.ran.add("second");
			this.time.settle();
			this.ran.add("end of second");
		});
		lane.execute(() -> this.ran.add("third"));
		this.time.settle();
		assertThat(this.ran).containsExactly("first", "second", "end of second", "third");
	}

}
