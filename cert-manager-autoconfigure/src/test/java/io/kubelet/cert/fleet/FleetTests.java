package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Ownership;
import io.kubelet.cert.fleet.ControlPlane.Parameters;
import io.kubelet.cert.fleet.Fleet.Outcome;
import io.kubelet.cert.fleet.RivalApplication.Rival;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a small fleet costs its control plane.
 *
 * @see io.kubelet.cert.rotation.core.Decisions
 * @see io.kubelet.cert.rotation.RetrySchedule
 */
class FleetTests {

	private static final int SIZE = 100;

	/** With others, figures differ by a tenth. The report has those of several. */
	private static final long SEED = 39;

	private static final Duration HOUR = Duration.ofHours(1);

	private static final Duration DAY = Duration.ofDays(1);

	@ParameterizedTest
	@EnumSource
	void eachApplicationRecoversAndNeverHasTwoPendingRequests(Scenario scenario) {
		Outcome outcome = play(scenario, SIZE, HOUR);
		assertThat(outcome.unrecovered()).isZero();
		assertThat(outcome.mostPending()).isEqualTo(1);
	}

	@ParameterizedTest
	@EnumSource(names = { "ROLLOUT", "CLOCKS", "AUTHORITY" })
	void certificateTakesTwoCallsIfNoneFails(Scenario scenario) {
		assertThat(play(scenario, SIZE, HOUR).callsPerCertificate()).isLessThan(2.2);
	}

	/** From the end of the window until a certificate expires, a tenth of it is left. */
	@ParameterizedTest
	@CsvSource({ "SERVER_10_MINUTES, P1D", "DENIALS, P1D", "WEBHOOK, P1D", "STORE, P1D", "SERVER_6_HOURS, P90D",
			"SERVER_3_DAYS, P90D", "SIGNER_8_HOURS, P90D" })
	void nobodyExpiresInWhatIsShorterThanTheRestOfTheLifetime(Scenario scenario, Duration lifetime) {
		assertThat(play(scenario, SIZE, lifetime).expired()).isZero();
	}

	/**
	 * Otherwise the mean, to which peaks are compared, is that of a time without calls.
	 */
	@ParameterizedTest
	@EnumSource(names = { "SERVER_10_MINUTES", "SIGNER_8_HOURS", "DENIALS", "STORE" })
	void callsOfTheRecoveryAreCountedFromTheEndOfWhatKeptAllFromRotating(Scenario scenario) {
		Outcome outcome = play(scenario, SIZE, HOUR);
		assertThat(outcome.load().time()).isBetween(outcome.recovery(), outcome.recovery().plusSeconds(2));
	}

	@Test
	void thoseThatHaveExpiredDoNotReturnTogether() {
		Load.Figures load = play(Scenario.SERVER_3_DAYS, 500, HOUR).load();
		assertThat(load.peak()).isLessThan(3 * load.mean());
	}

	/** The signer is as slow for these as that of Kubernetes for 10,000 applications. */
	@Test
	void thoseWhoseRotationWasDueDoNotReturnTogether() {
		Parameters parameters = new Parameters(2, 6_400, 4, (created) -> 1, null);
		Load.Figures load = Fleet.play(Scenario.SERVER_6_HOURS, parameters, 2_000, DAY, null, SEED).load();
		assertThat(load.peak()).isLessThan(3 * load.mean());
	}

	/** The model shows what is known of the kubelet's: a new request each 15 minutes. */
	@ParameterizedTest
	@ValueSource(strings = { "PT1H", "P1D" })
	void clientGoLeavesRequestsBehindWhileNobodySigns(Duration lifetime) {
		assertThat(Fleet.play(Scenario.SIGNER_8_HOURS, Parameters.DEFAULT, SIZE, lifetime, Rival.CLIENT_GO, SEED)
			.mostPending()).isGreaterThan(10);
	}

	/** As the API of its Certificate says of failedIssuanceAttempts. */
	@Test
	void certManagerWaitsAnHourAfterADenial() {
		assertThat(Fleet.play(Scenario.DENIALS, Parameters.DEFAULT, SIZE, DAY, Rival.CERT_MANAGER, SEED).recovery())
			.isBetween(Duration.ofMinutes(30), Duration.ofHours(1));
	}

	/**
	 * Each update takes a second and more here. A signature whose time was measured does
	 * not keep others waiting, however short that is.
	 * @param latency of a signature, {@code null} if it was not measured
	 * @param begin of a call, in milliseconds
	 */
	@ParameterizedTest
	@CsvSource({ "false, , 2210", "true, , 1130", "false, PT0S, 1000" })
	void answersToRequestsTakeTimeOfTheApiServerButAreNotCounted(boolean denied, @Nullable Duration latency,
			long begin) {
		Timeline timeline = new Timeline();
		Load load = new Load();
		ControlPlane plane = new ControlPlane(timeline, load, new Random(SEED),
				new Parameters(1, 1, 20, (created) -> 600, latency), DAY);
		plane.denying = denied;
		plane.create(new Ownership(null), plane.newKey());
		AtomicLong listed = new AtomicLong();
		timeline.in(Timeline.SECOND, () -> plane.call(Call.LIST, () -> listed.set(timeline.now()), (failure) -> {
		}));
		while (timeline.next(10 * Timeline.SECOND)) {
			// It happens
		}
		long list = Timeline.SECOND * 480 / 1000;
		assertThat(listed.get() - list).isBetween(begin * 1_000, begin * 1_000 + 1_000);
		assertThat(load.end(timeline.now()).calls()).isEqualTo(1);
	}

	private static Outcome play(Scenario scenario, int size, Duration lifetime) {
		return Fleet.play(scenario, Parameters.DEFAULT, size, lifetime, null, SEED);
	}

}
