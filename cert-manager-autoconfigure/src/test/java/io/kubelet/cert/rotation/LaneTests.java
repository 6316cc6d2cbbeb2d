package io.kubelet.cert.rotation;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tasks that run one after the other.
 */
class LaneTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final Lane lane = new Lane(this.time);

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

	@Test
	void taskThatFailsDoesNotEndTheLane() {
		this.lane.execute(() -> {
			throw new IllegalStateException("a mistake");
		});
		this.lane.execute(() -> this.ran.add("next"));
		this.time.settle();
		assertThat(this.ran).containsExactly("next");
	}

}
