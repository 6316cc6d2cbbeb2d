package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.simulation.History.Step;

/**
 * A process that keeps its certificate in files, on a machine whose clock may be wrong.
 */
final class FilesSimulation extends Simulation {

	private static final Duration TWO_DAYS = Duration.ofDays(2);

	private final FilesProcess process;

	FilesSimulation(History history, boolean keepsRequests) {
		super(history, keepsRequests);
		this.process = new FilesProcess(this.world, this.server, history);
	}

	FilesProcess process() {
		return this.process;
	}

	@Override
	List<FilesProcess> processes() {
		return List.of(this.process);
	}

	@Override
	void play(Step step) {
		this.process.start();
		if (step.action() != Action.NOTHING) {
			this.process.invariants().disturbed();
		}
		super.play(step);
	}

	@Override
	void heal() {
		Action.HEALING.forEach((action) -> play(new Step(action, 0, Duration.ZERO)));
		play(new Step(Action.NOTHING, 0, TWO_DAYS));
		this.process.stop();
	}

	/** While things fail, requests are many: that is not played out for years. */
	@Override
	void pass(Duration duration) {
		Approver.Mood approver = this.server.approver().mood();
		SimulatedServer.Mood mood = this.server.mood();
		boolean answers = approver.ordinal() >= Approver.Mood.DENIES.ordinal() || mood == SimulatedServer.Mood.REJECTS
				|| mood == SimulatedServer.Mood.BUSY || this.world.error().abs().compareTo(this.history.lifetime()) > 0;
		boolean well = mood == SimulatedServer.Mood.WELL && approver == Approver.Mood.WELL && this.process.diskIsWell();
		Duration most = answers ? TWO_DAYS : well ? duration : this.history.lifetime().multipliedBy(2);
		super.pass((duration.compareTo(most) < 0) ? duration : most);
	}

}
