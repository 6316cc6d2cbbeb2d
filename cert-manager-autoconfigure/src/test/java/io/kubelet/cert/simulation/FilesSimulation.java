package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.simulation.History.Step;

/**
 * A process that keeps its certificate in files, on a machine whose clock may be wrong.
 */
final class FilesSimulation extends Simulation {

	private static final Duration DAY = Duration.ofDays(1);

	private final FilesProcess process = new FilesProcess(this.world, this.server);

	FilesSimulation(History history, boolean keepsRequests) {
		super(history, keepsRequests);
	}

	@Override
	List<FilesProcess> processes() {
		return List.of(this.process);
	}

	@Override
	void play(Step step) {
		this.process.start();
		this.process.invariants.disturbed();
		super.play(step);
	}

	@Override
	void heal() {
		Action.HEALING.forEach((action) -> play(new Step(action, 0, Duration.ZERO)));
		play(new Step(Action.NOTHING, 0, DAY));
		this.process.stop();
	}

	/** While things fail, requests are many: that is not played out for days. */
	@Override
	void pass(Duration duration) {
		boolean shortened = duration.compareTo(DAY) > 0 && !this.process.invariants.isWell();
		super.pass(shortened ? DAY : duration);
	}

}
