package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.simulation.History.Step;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plays a history, and checks the invariants all along.
 */
abstract class Simulation {

	/** The invariants are checked this often in a lifetime. */
	private static final int CHECKS = 16;

	final World world;

	final SimulatedServer server;

	/**
	 * Creates a simulation.
	 * @param keepsRequests whether the server keeps requests until they are deleted
	 */
	Simulation(History history, boolean keepsRequests) {
		this.world = new World(history);
		this.server = new SimulatedServer(this.world, keepsRequests);
	}

	/** Half of the histories are played with each kind of server. */
	static Simulation of(History history) {
		boolean keepsRequests = history.seed() % 2 == 1;
		return (history.processes() == 1) ? new FilesSimulation(history, keepsRequests)
				: new ReplicasSimulation(history, keepsRequests);
	}

	abstract List<? extends SimulatedProcess> processes();

	/** All becomes well, and remains so for long enough. */
	abstract void heal();

	void play() {
		processes().forEach(SimulatedProcess::start);
		this.world.history.steps().forEach(this::play);
		heal();
		this.world.require(this.server.leftBehind().isEmpty(), "requests are left behind: %s",
				this.server.leftBehind());
		check();
	}

	void play(Step step) {
		step.action().perform(this, processes().get(step.process()));
		this.world.time.settle();
		check();
		pass(step.pass());
	}

	void pass(Duration duration) {
		Duration slice = this.world.history.lifetime().dividedBy(CHECKS);
		for (Duration left = duration; left.compareTo(Duration.ZERO) > 0; left = left.minus(slice)) {
			this.world.time.pass((left.compareTo(slice) < 0) ? left : slice);
			check();
		}
	}

	private void check() {
		processes().forEach(SimulatedProcess::check);
		assertThat(this.world.violations)
			.as(() -> "Broken in the history\n%s\nwith a server that keeps requests: %s".formatted(this.world.history,
					this.server.keepsRequests))
			.isEmpty();
	}

	void repairServer() {
		this.server.become(SimulatedServer.Mood.WELL);
		processes().forEach(SimulatedProcess::connected);
	}

}
