package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The engine lives through random histories. Each run plays the same ones, unless it is
 * told to play more or others by {@code -Dsimulation.histories=2000} and
 * {@code -Dsimulation.first=1000}. What that finds is kept here.
 */
class SimulationTests {

	private static final int HISTORIES = Integer.getInteger("simulation.histories", 60);

	private static final Logger engineLog = (Logger) LoggerFactory.getLogger("io.kubelet.cert");

	@BeforeEach
	void silence() {
		engineLog.setLevel(Level.OFF);
	}

	@AfterEach
	void speak() {
		engineLog.setLevel(null);
	}

	@Test
	void everyInvariantHoldsInAnyHistoryOfFiles() {
		play(History::ofFiles);
	}

	@Test
	void everyInvariantHoldsInAnyHistoryOfReplicas() {
		play(History::ofReplicas);
	}

	private static void play(LongFunction<History> histories) {
		long first = Long.getLong("simulation.first", 0);
		for (long seed = first; seed < first + HISTORIES; seed++) {
			History history = histories.apply(seed);
			if (fails(history)) {
				Simulation.of(shrink(history)).play();
			}
		}
	}

	/** Leaves out steps as long as the history fails. */
	private static History shrink(History history) {
		return IntStream.range(0, history.steps().size())
			.mapToObj(history::without)
			.filter(SimulationTests::fails)
			.findFirst()
			.map(SimulationTests::shrink)
			.orElse(history);
	}

	private static boolean fails(History history) {
		try {
			Simulation.of(history).play();
			return false;
		}
		catch (Throwable ex) {
			return true;
		}
	}

	/**
	 * They broke an invariant once, or came close, in the shape to which they were
	 * shrunk.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "1 PT24H PT1M 0; APPROVER_SLOW 0 PT10S",
			"1 PT1H PT15S 3; APPROVER_WELL 0 PT21H1M20S; APPROVER_SLOW 0 PT3H",
			"1 PT1H PT1M 0; APPROVER_AWAY 0 PT10M; SERVER_REJECTS 0 PT20M; SERVER_WELL 0 PT1H",
			"1 PT24H PT10M 0; DISK_BROKEN 0 PT10S; NOTHING 0 PT110S; RESTART 0 PT10S; NOTHING 0 PT10S; NOTHING 0 PT20M; APPROVER_WELL 0 PT20M; DISK_WELL 0 PT240H",
			"1 PT24H PT10M 0; APPROVER_SLOW 0 PT10S; CLOCK_FAR_FORWARD 0 PT20M",
			"1 PT1H PT15S 0; ANSWERS_LOST 0 PT1M; REQUESTS_REPLACED 0 PT10S; SERVER_WELL 0 PT3H",
			"1 PT720H PT6H 124; APPROVER_SLOW 0 PT10S; NOTHING 0 PT3H; SERVER_WELL 0 PT2160H; CLOCK_FORWARD 0 PT720H; CRASH 0 PT720H; SERVER_WELL 0 PT10S; REQUESTS_REPLACED 0 PT360H; SUSPEND 0 PT20M; CLOCK_FAR_FORWARD 0 PT2160H; TEMPLATE_CHANGES 0 PT360H",
			"1 PT1H PT15S 0; NOTHING 0 PT10S; APPROVER_AWAY 0 PT10S; TEMPLATE_CHANGES 0 PT1M; TEMPLATE_CHANGES 0 PT20M",
			"1 PT1H PT1M 0; APPROVER_AWAY 0 PT1M; NOTHING 0 PT50M; CRASH 0 PT10S; RESTART 0 PT6M",
			"1 PT1H PT15S 0; NOTHING 0 PT10S; SERVER_DOWN 0 PT10S; NOTHING 0 PT10S; NOTHING 0 PT3H; CLOCK_FAR_BACK 0 PT10S; RESTART 0 PT20M",
			"1 PT24H PT10M 0; NOTHING 0 PT12H; SERVER_DOWN 0 PT10S; NOTHING 0 PT12H; CLOCK_FAR_BACK 0 PT10S; SERVER_WELL 0 PT20M",
			"1 PT720H PT6H 0; NOTHING 0 PT10S; CRASH_BEFORE_CREATION 0 PT10S; SERVER_DOWN 0 PT720H; CLOCK_FAR_BACK 0 PT72H",
			"1 PT1H PT1M 2; ROTATE 0 PT1H; TEMPLATE_CHANGES 0 PT3H; CLOCK_FAR_BACK 0 PT30M; ANSWERS_LOST 0 PT6M; APPROVER_SLOW 0 PT3H; SERVER_WELL 0 PT6M; REQUESTS_DELETED 0 PT1H; APPROVER_SLOW 0 PT6M; SERVER_REJECTS 0 PT1H" })
	void everyInvariantHoldsInAHistoryThatWasKept(String history) {
		new FilesSimulation(History.parse(history), false).play();
		new FilesSimulation(History.parse(history), true).play();
	}

	/** Without any fault, a rotation of all replicas is one request. */
	@ParameterizedTest
	@ValueSource(ints = { 2, 5, 50 })
	void eachRotationOfReplicasIsOneRequest(int replicas) {
		ReplicasSimulation simulation = replicas(replicas);
		SharedSecret secret = simulation.secret();
		simulation.processes().forEach(Replica::start);
		simulation.pass(Duration.ofDays(2));
		assertThat(secret.pairs).isGreaterThan(20);
		assertThat(secret.creates).isEqualTo(secret.pairs);
		assertThat(simulation.server.objects()).isEmpty();
		assertThat(simulation.processes()).extracting(Replica::served).containsOnly(secret.stored().pair());
	}

	/** As when the node of an old pod is drained during a rolling update. */
	@Test
	void templateOfAReplicaThatHasEndedIsReplacedWithinAnHour() {
		ReplicasSimulation simulation = replicas(2);
		Replica old = simulation.processes().get(0);
		Replica updated = simulation.processes().get(1);
		for (Replica started : List.of(old, updated, old)) {
			started.changeTemplate((started == old) ? 0 : 1);
			simulation.pass(Duration.ofMinutes(1));
			assertThat(simulation.processes()).filteredOn((replica) -> replica.manager() != null)
				.allMatch((replica) -> serves(replica, started.template));
		}
		old.die();
		simulation.pass(Duration.ofHours(1));
		assertThat(updated).matches((replica) -> serves(replica, 1));
		assertThat(simulation.secret().creates).isEqualTo(4).isEqualTo(simulation.secret().pairs);
	}

	private static boolean serves(Replica replica, int template) {
		return Replica.template(template).isSatisfiedBy(Objects.requireNonNull(replica.served()).leaf());
	}

	private static ReplicasSimulation replicas(int count) {
		return new ReplicasSimulation(new History(count, Duration.ofHours(2), Duration.ofMinutes(1), 1, List.of()),
				true);
	}

}
