package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plays a history, and looks at the invariants all along.
 */
final class Simulation {

	/** The invariants are looked at this often in a lifetime. */
	private static final int LOOKS = 16;

	private final World world = new World();

	private final KeyPool keys = new KeyPool();

	private final History history;

	private final SimulatedServer server;

	private final List<SimulatedCertificate> certificates;

	private final List<Invariants> invariants;

	private int looks;

	/** Half of the histories are played with each kind of server. */
	Simulation(History history) {
		this(history, history.seed() % 2 == 1);
	}

	Simulation(History history, boolean keepsRequests) {
		this.history = history;
		this.server = new SimulatedServer(this.world, history.lifetime(), keepsRequests);
		this.certificates = IntStream.range(0, history.certificates())
			.mapToObj((index) -> new SimulatedCertificate(this.world, this.server, this.keys, history, index))
			.toList();
		this.invariants = this.certificates.stream()
			.map((certificate) -> new Invariants(this.world, this.server, certificate, history))
			.toList();
	}

	/** Play it; at the end all is well again, for long enough. */
	Simulation play() {
		this.certificates.forEach(SimulatedCertificate::start);
		this.history.steps().forEach(this::play);
		heal().forEach(this::play);
		if (this.server.keepsRequests()) {
			this.certificates.forEach((certificate) -> this.world.require(certificate.leftBehind().isEmpty(),
					"requests are left behind: %s", certificate.leftBehind()));
		}
		this.certificates.forEach(SimulatedCertificate::stop);
		look();
		return this;
	}

	/** All at once: a day for each certificate would take longer than the history. */
	private Stream<Step> heal() {
		Stream<Step> all = Stream.of(Action.SERVER_WELL, Action.APPROVER_WELL, Action.CLOCK_RIGHT)
			.map((action) -> new Step(action, 0, Duration.ZERO));
		Stream<Step> each = IntStream.range(0, this.history.certificates())
			.boxed()
			.flatMap((index) -> Stream.of(Action.DISK_WELL, Action.TEMPLATE_CHANGES)
				.map((action) -> new Step(action, index, Duration.ZERO)));
		return Stream.of(all, each, Stream.of(new Step(Action.NOTHING, 0, Duration.ofDays(2)))).flatMap((step) -> step);
	}

	private void play(Step step) {
		this.certificates.forEach(SimulatedCertificate::start);
		step.action().perform(step, this.world, this.server, this.certificates, this.history);
		if (step.action() != Action.NOTHING) {
			this.invariants.forEach(Invariants::disturbed);
		}
		this.world.time().settle();
		look();
		Duration left = bearable(step.pass());
		Duration slice = this.history.lifetime().dividedBy(LOOKS);
		while (!left.isZero()) {
			Duration now = (left.compareTo(slice) < 0) ? left : slice;
			this.world.pass(now);
			left = left.minus(now);
			look();
		}
	}

	private void look() {
		this.looks++;
		this.invariants.forEach(Invariants::check);
		assertThat(this.world.violations())
			.as(() -> "Broken in the history\n" + this.history + "\nkeepsRequests: " + this.server.keepsRequests()
					+ "\n")
			.isEmpty();
	}

	/** While things fail, requests are many: that is not played out for years. */
	private Duration bearable(Duration pass) {
		Approver.Mood approver = this.server.approver().mood();
		boolean answers = approver.ordinal() >= Approver.Mood.DENIES.ordinal()
				|| this.server.mood() == SimulatedServer.Mood.REJECTS || this.server.mood() == SimulatedServer.Mood.BUSY
				|| this.world.error().abs().compareTo(this.history.lifetime()) > 0;
		boolean well = this.server.mood() == SimulatedServer.Mood.WELL && approver == Approver.Mood.WELL
				&& this.certificates.stream().allMatch(SimulatedCertificate::diskIsWell);
		Duration most = answers ? Duration.ofDays(2) : well ? pass : this.history.lifetime().multipliedBy(2);
		return (pass.compareTo(most) < 0) ? pass : most;
	}

	Duration certificateTime() {
		return this.world.elapsed().multipliedBy(this.history.certificates());
	}

	int requests() {
		return this.certificates.stream().mapToInt(SimulatedCertificate::requests).sum();
	}

	int rotations() {
		return this.certificates.stream().mapToInt(SimulatedCertificate::rotations).sum();
	}

	int looks() {
		return this.looks;
	}

}
