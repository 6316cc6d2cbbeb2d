package io.kubelet.cert.simulation;

import java.util.function.LongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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
 *
 * @see io.kubelet.cert.rotation.core.Decisions
 * @see io.kubelet.cert.rotation.core.Transitions
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
	@ValueSource(strings = { "1 PT24H 0; APPROVER_SLOW 0 PT10S",
			"1 PT1H 3; APPROVER_WELL 0 PT21H1M20S; APPROVER_SLOW 0 PT3H",
			"1 PT1H 0; APPROVER_AWAY 0 PT10M; SERVER_REJECTS 0 PT20M; SERVER_WELL 0 PT1H",
			"1 PT24H 0; DISK_BROKEN 0 PT10S; NOTHING 0 PT110S; RESTART 0 PT10S; NOTHING 0 PT10S; NOTHING 0 PT20M; APPROVER_WELL 0 PT20M; DISK_WELL 0 PT240H",
			"1 PT24H 0; APPROVER_SLOW 0 PT10S; CLOCK_FAR_FORWARD 0 PT20M",
			"1 PT1H 0; ANSWERS_LOST 0 PT1M; REQUESTS_REPLACED 0 PT10S; SERVER_WELL 0 PT3H",
			"1 PT24H 124; APPROVER_SLOW 0 PT10S; NOTHING 0 PT3H; SERVER_WELL 0 PT72H; CLOCK_FORWARD 0 PT24H; CRASH 0 PT24H; SERVER_WELL 0 PT10S; REQUESTS_REPLACED 0 PT12H; SUSPEND 0 PT20M; CLOCK_FAR_FORWARD 0 PT72H; TEMPLATE_CHANGES 0 PT12H",
			"1 PT1H 0; NOTHING 0 PT10S; APPROVER_AWAY 0 PT10S; TEMPLATE_CHANGES 0 PT1M; TEMPLATE_CHANGES 0 PT20M",
			"1 PT1H 0; APPROVER_AWAY 0 PT1M; NOTHING 0 PT50M; CRASH 0 PT10S; RESTART 0 PT6M",
			"1 PT1H 0; NOTHING 0 PT10S; SERVER_DOWN 0 PT10S; NOTHING 0 PT10S; NOTHING 0 PT3H; CLOCK_FAR_BACK 0 PT10S; RESTART 0 PT20M",
			"1 PT24H 0; NOTHING 0 PT12H; SERVER_DOWN 0 PT10S; NOTHING 0 PT12H; CLOCK_FAR_BACK 0 PT10S; SERVER_WELL 0 PT20M",
			"1 PT24H 0; NOTHING 0 PT10S; CRASH_BEFORE_CREATION 0 PT10S; SERVER_DOWN 0 PT24H; CLOCK_FAR_BACK 0 PT3H",
			"1 PT1H 2; ROTATE 0 PT1H; TEMPLATE_CHANGES 0 PT3H; CLOCK_FAR_BACK 0 PT30M; ANSWERS_LOST 0 PT6M; APPROVER_SLOW 0 PT3H; SERVER_WELL 0 PT6M; REQUESTS_DELETED 0 PT1H; APPROVER_SLOW 0 PT6M; SERVER_REJECTS 0 PT1H",
			"1 PT8H 80; WATCHES_SILENT 0 PT80H; SERVER_WELL 0 PT8H",
			"1 PT8H 1310; ROTATE 0 PT1M; CLOCK_FAR_BACK 0 PT1M; CRASH 0 PT3H; CLOCK_AHEAD 0 PT80H",
			"1 PT1H 5030; SIGNER_WRONG 0 PT3H; TEMPLATE_CHANGES 0 PT3H; TEMPLATE_CHANGES 0 PT10S; WATCHES_SILENT 0 PT6M" })
	void everyInvariantHoldsInAHistoryThatWasKept(String history) {
		new FilesSimulation(History.parse(history), false).play();
		new FilesSimulation(History.parse(history), true).play();
	}

	@ParameterizedTest
	@ValueSource(
			strings = "5 PT2H 910575; TEMPLATE_CHANGES 1 PT1M; CUT_OFF 1 PT1H; CRASH_AFTER_STORING 0 PT1M; APPROVER_SLOW 1 PT1M; CRASH 2 PT10S; CRASH_AFTER_CREATION 4 PT10S; SERVER_DOWN 3 PT3H; SERVER_DOWN 0 PT20M; APPROVER_WELL 3 PT3H; SERVER_DOWN 2 PT20M; CRASH_AFTER_STORING 0 PT3H; CONNECTED 1 PT1M; SERVER_DOWN 1 PT20M")
	void everyInvariantHoldsInAHistoryOfReplicasThatWasKept(String history) {
		new ReplicasSimulation(History.parse(history), true).play();
	}

	/**
	 * A failed attempt takes a key, too: five replicas without a valid certificate, whose
	 * server is away for a third of a day, take more than four thousand.
	 */
	@Test
	void noKeyComesTwiceInAHistory() {
		KeyPool keys = new KeyPool();
		assertThat(Stream.generate(() -> keys.next().getPublic()).limit(5_000)).doesNotHaveDuplicates();
	}

}
