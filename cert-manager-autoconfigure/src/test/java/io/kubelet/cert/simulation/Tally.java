package io.kubelet.cert.simulation;

import java.time.Duration;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds up what was simulated, while the engine's log is silent.
 */
final class Tally {

	private static final Logger engineLog = (Logger) LoggerFactory.getLogger("io.kubelet.cert");

	private Duration certificateTime = Duration.ZERO;

	private long histories;

	private long looks;

	private long requests;

	private long rotations;

	void begin() {
		engineLog.setLevel(Level.OFF);
	}

	void add(Simulation simulation) {
		this.histories++;
		this.looks += simulation.looks();
		this.requests += simulation.requests();
		this.rotations += simulation.rotations();
		this.certificateTime = this.certificateTime.plus(simulation.certificateTime());
	}

	long certificateYears() {
		return this.certificateTime.toDays() / 365;
	}

	String end() {
		engineLog.setLevel(null);
		return "Simulated %d certificate-years in %d histories: %d looks at the invariants, %d requests, %d rotations"
			.formatted(certificateYears(), this.histories, this.looks, this.requests, this.rotations);
	}

}
