package io.kubelet.cert.simulation;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Histories that broke an invariant once, or came close, in the shape to which they were
 * shrunk.
 */
class KeptHistoriesTests {

	private final Tally tally = new Tally();

	@BeforeEach
	void begin() {
		this.tally.begin();
	}

	@AfterEach
	void end() {
		this.tally.end();
	}

	@ParameterizedTest
	@ValueSource(strings = { "1 PT24H PT1M 0; APPROVER_SLOW 0 PT10S",
			"3 PT1H PT15S 3; APPROVER_WELL 0 PT21H1M20S; APPROVER_SLOW 0 PT3H",
			"1 PT1H PT1M 0; APPROVER_AWAY 0 PT10M; SERVER_REJECTS 0 PT20M; SERVER_WELL 0 PT1H",
			"1 PT24H PT10M 0; DISK_BROKEN 0 PT10S; NOTHING 0 PT110S; RESTART 0 PT10S; NOTHING 0 PT10S; NOTHING 4 PT20M; APPROVER_WELL 0 PT20M; DISK_WELL 3 PT240H",
			"1 PT24H PT10M 0; APPROVER_SLOW 0 PT10S; CLOCK_FORWARD 1 PT20M",
			"1 PT1H PT15S 0; ANSWERS_LOST 0 PT1M; REQUESTS_REPLACED 0 PT10S; SERVER_WELL 1 PT3H",
			"2 PT720H PT6H 123; APPROVER_SLOW 0 PT10S; NOTHING 0 PT3H; SERVER_WELL 0 PT2160H; CLOCK_FORWARD 0 PT720H; CRASH 2 PT720H; SERVER_WELL 2 PT10S; REQUESTS_REPLACED 3 PT360H; SUSPEND 3 PT20M; CLOCK_FORWARD 5 PT2160H; TEMPLATE_CHANGES 3 PT360H",
			"1 PT1H PT1M 0; APPROVER_AWAY 0 PT1M; NOTHING 0 PT50M; CRASH 0 PT10S; RESTART 0 PT6M",
			"1 PT1H PT15S 0; NOTHING 0 PT10S; SERVER_DOWN 0 PT10S; NOTHING 0 PT10S; NOTHING 0 PT3H; CLOCK_BACK 1 PT10S; RESTART 0 PT20M",
			"1 PT24H PT10M 0; NOTHING 0 PT12H; SERVER_DOWN 0 PT10S; NOTHING 0 PT12H; CLOCK_BACK 1 PT10S; SERVER_WELL 0 PT20M",
			"1 PT720H PT6H 0; NOTHING 0 PT10S; CRASH_IN_REQUEST 0 PT10S; SERVER_DOWN 0 PT720H; CLOCK_BACK 1 PT72H",
			"2 PT1H PT1M 1; ROTATE 0 PT1H; TEMPLATE_CHANGES 5 PT3H; CLOCK_BACK 3 PT30M; ANSWERS_LOST 2 PT6M; APPROVER_SLOW 3 PT3H; SERVER_WELL 0 PT6M; REQUESTS_DELETED 1 PT1H; APPROVER_SLOW 1 PT6M; SERVER_REJECTS 1 PT1H" })
	void everyInvariantHolds(String history) {
		new Simulation(History.parse(history), false).play();
		new Simulation(History.parse(history), true).play();
	}

}
