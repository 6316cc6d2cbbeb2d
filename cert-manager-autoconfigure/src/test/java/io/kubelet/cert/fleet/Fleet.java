package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import io.kubelet.cert.fleet.Application.Tally;
import io.kubelet.cert.fleet.ControlPlane.Ownership;
import io.kubelet.cert.fleet.ControlPlane.Parameters;
import io.kubelet.cert.fleet.RivalApplication.Rival;
import io.kubelet.cert.rotation.core.Reading;
import org.jspecify.annotations.Nullable;

/**
 * Many applications and their control plane.
 */
final class Fleet {

	/** So many parts of the time are drawn. */
	private static final int PARTS = 300;

	/** What is drawn of an outage: its end and what follows. */
	private static final long DRAWN = Timeline.micros(Duration.ofMinutes(10));

	private static final long BEFORE = DRAWN / 5;

	/** Each certificate is rotated five times in so many lifetimes, some a sixth time. */
	private static final double GENERATIONS = 4.6;

	/**
	 * Certificates have all ages up to this part of the lifetime: none is due at once.
	 */
	private static final double OLDEST = 0.65;

	/** When something happens, as a part of the lifetime: rotations are even by then. */
	private static final double BEGIN = 0.3;

	/** After which waits do not grow any more. */
	private static final long STEADY = Timeline.micros(Duration.ofMinutes(30));

	private static final int REPLICAS = 3;

	private final Timeline timeline = new Timeline();

	private final Load load = new Load();

	private final Random random;

	private final Tally tally = new Tally();

	private final List<Application> applications = new ArrayList<>();

	private final Scenario scenario;

	private final long lifetime;

	private final ControlPlane plane;

	private Fleet(Scenario scenario, Parameters parameters, int size, Duration lifetime, @Nullable Rival rival,
			long seed) {
		this.random = new Random(seed);
		this.scenario = scenario;
		this.lifetime = Timeline.micros(lifetime);
		this.plane = new ControlPlane(this.timeline, this.load, this.random, parameters, lifetime);
		int replicas = (scenario == Scenario.REPLICAS && rival == null) ? REPLICAS : 1;
		while (this.applications.size() < size) {
			Ownership owner = new Ownership(null);
			Store.Secret secret = (replicas > 1) ? new Store.Secret(this.plane, Reading.NOTHING) : null;
			for (int i = 0; i < replicas; i++) {
				this.applications
					.add((rival != null) ? new RivalApplication(this.plane, owner, this.tally, rival, lifetime)
							: new EngineApplication(this.plane, owner, this.tally, clockOffset(), secret,
									new Watches.Own(this.plane)));
			}
		}
	}

	private Duration clockOffset() {
		return (this.scenario == Scenario.CLOCKS) ? Duration.ofMillis(this.random.nextInt(60_000) - 30_000)
				: Duration.ZERO;
	}

	ControlPlane plane() {
		return this.plane;
	}

	List<Application> applications() {
		return this.applications;
	}

	/** An operator has all of them rotate. */
	void rotate(boolean on) {
		if (on) {
			spread(Application::rotate);
		}
	}

	/** Does something with each application within the time of the scenario. */
	private void spread(Consumer<Application> action) {
		long time = Timeline.micros(this.scenario.length);
		this.applications.forEach((application) -> this.timeline.in((long) (time * this.random.nextDouble()),
				() -> action.accept(application)));
	}

	/**
	 * Has a fleet live through a scenario.
	 * @param rival whose constants it has, {@code null} for the engine
	 * @param seed of all that is random
	 */
	static Outcome play(Scenario scenario, Parameters parameters, int size, Duration lifetime, @Nullable Rival rival,
			long seed) {
		Fleet fleet = new Fleet(scenario, parameters, size, lifetime, rival, seed);
		return scenario.isRollout() ? fleet.rollOut() : fleet.disturb();
	}

	private Outcome rollOut() {
		long end = Timeline.micros(this.scenario.length) + (long) (this.lifetime * GENERATIONS);
		this.load.begin(0);
		this.load.draw(0, end / PARTS, PARTS);
		spread((application) -> application.start(null));
		passUntil(end, () -> false);
		return outcome(0);
	}

	private Outcome disturb() {
		long length = Timeline.micros(this.scenario.length);
		boolean allExpire = this.scenario.isServerAway() && length > this.lifetime;
		if (allExpire) {
			// From then on, nothing changes until the end
			length = STEADY;
		}
		long begin = allExpire ? 0 : (long) (this.lifetime * BEGIN);
		this.timeline.at(begin, () -> this.scenario.disturbance.accept(this, true));
		for (Application application : this.applications) {
			long age = (long) (this.lifetime * OLDEST * this.random.nextDouble());
			DatedCertificate certificate = this.plane.issue(this.plane.newKey(),
					-age - (allExpire ? this.lifetime : 0));
			this.timeline.in(allExpire ? (long) (length / 2 * this.random.nextDouble()) : 0,
					() -> application.start(certificate));
		}
		passUntil(begin, () -> false);
		this.load.begin(begin);
		this.load.draw(begin + length - BEFORE, DRAWN / PARTS, PARTS);
		passUntil(begin + length, () -> false);
		this.applications.forEach(Application::await);
		if (this.scenario.isOutage()) {
			this.load.begin(begin + length);
		}
		this.scenario.disturbance.accept(this, false);
		passUntil(begin + length + 2 * this.lifetime, () -> this.tally.awaited == 0);
		return outcome(this.timeline.now() - begin - length);
	}

	private void passUntil(long end, BooleanSupplier over) {
		while (!over.getAsBoolean() && this.timeline.next(end)) {
			// It happens
		}
	}

	private Outcome outcome(long recovery) {
		this.applications.forEach(Application::end);
		int mostPending = this.applications.stream()
			.mapToInt((application) -> application.owner.mostPending)
			.max()
			.orElse(0);
		return new Outcome(this.load.end(this.timeline.now()), Duration.ofSeconds(recovery / Timeline.SECOND),
				this.tally.awaited, this.tally.expired, Duration.ofSeconds(this.tally.longest / Timeline.SECOND),
				mostPending, this.plane.mostWatches, this.load.curve());
	}

	/**
	 * What has become of a fleet.
	 *
	 * @param load the calls, since what was away is back
	 * @param recovery how long it then took until all had the certificates that were due
	 * @param unrecovered how many had not got them in two lifetimes
	 * @param expired certificates that had expired before they were replaced
	 * @param longest the longest time that one had been expired
	 * @param mostPending the most pending requests for one certificate
	 * @param mostWatches the most watches that were open at once
	 * @param curve the most calls in a second, in equal parts of the time
	 */
	record Outcome(Load.Figures load, Duration recovery, int unrecovered, int expired, Duration longest,
			int mostPending, int mostWatches, int[] curve) {

		double callsPerCertificate() {
			return (double) this.load.calls() / this.load.creates();
		}

	}

}
