package io.kubelet.cert.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.fleet.ControlPlane.Parameters;
import io.kubelet.cert.fleet.Fleet.Outcome;
import io.kubelet.cert.fleet.RivalApplication.Rival;
import io.kubelet.cert.testsupport.Plot;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Writes figures and plots of simulated fleets to target/fleet. With
 * {@code -Dfleet.sizes=1000,10000} and {@code -Dfleet.scenarios=ROLLOUT,SERVER_6_HOURS},
 * it does for some of them.
 */
class FleetReport {

	private static final Path DIRECTORY = Path.of("target", "fleet");

	private static final List<Duration> LIFETIMES = List.of(Duration.ofHours(1), Duration.ofDays(1),
			Duration.ofDays(90));

	private static final int DRAWN = 10_000;

	/** So many times the engine is tried with other random numbers. */
	private static final int SEEDS = 5;

	/** What differs only for the engine. */
	private static final Set<Scenario> OF_THE_ENGINE = EnumSet.of(Scenario.REPLICAS, Scenario.CLOCKS, Scenario.STORE);

	/** Where no call fails. Replicas watch their Secret all the time. */
	private static final Set<Scenario> NONE_FAILS = EnumSet.of(Scenario.ROLLOUT, Scenario.CLOCKS, Scenario.AUTHORITY);

	/**
	 * Peaks of ten seconds that are more than 3 times the mean: those of 10,000 that have
	 * all expired, and of a few calls in all.
	 */
	private static final Set<String> KNOWN_PEAKS = Set.of("SERVER_6_HOURS 1h 10000", "SERVER_3_DAYS 1d 10000",
			"DENIALS 1h 10000", "STORE 1h 10000", "DENIALS 1d 1000", "DENIALS 90d 1000", "STORE 90d 1000",
			"DENIALS 1d 10000", "DENIALS 90d 10000", "DENIALS 90d 100000", "SERVER_10_MINUTES 1d 1000",
			"SERVER_6_HOURS 90d 1000", "SIGNER_8_HOURS 1d 1000", "SERVER_6_HOURS 90d 10000",
			"SERVER_10_MINUTES 90d 10000", "SERVER_10_MINUTES 90d 100000");

	/** Larger fleets differ less. */
	private static final int SEEDS_OF_LARGE = 1;

	private static final String HEAD = """
			# Simulated fleets

			All that `./mvnw -Pfleet -pl cert-manager-autoconfigure -am test` has simulated. See [At scale](at-scale.md).

			The signer answers 20 requests per second, and 200 for 100,000 applications. Fleets of the engine were simulated with
			5 sequences of random numbers, those of 100,000 with one. Shown is the one whose peak of ten seconds, divided by the
			mean, is the median. In brackets are the greatest of these quotients, if there are several, and that of as many calls
			at random times. Calls are those of applications, after an outage since its end; calls per certificate are those for
			each request that was created in that time. Watches are the most that were open at once. "Never" is not within two
			lifetimes.

			An outage of the API server that is longer than the lifetime was simulated by its last half hour, with certificates
			that had all expired before, and as one: 3 days with lifetimes of an hour are as 6 hours. Left out are rollouts of
			100,000 with longer lifetimes than an hour, since they are as steep; replicas with lifetimes of 90 days, and 100,000
			with those of a day, since each calls some 200 times a day to watch its Secret; and others than the engine where they
			would have no replicas, the same clocks, or no disk.

			| scenario | lifetime | applications | constants of | calls/s: mean | 99th percentile | peak of 1 s | of 10 s | peak of 1 s / mean | of 10 s / mean | all valid after | expired | calls per certificate | pending at most | watches |
			|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
			""";

	private static final Map<String, Plot.Color> COLORS = Map.of("engine", Plot.Color.GREEN, "client-go",
			Plot.Color.YELLOW, "cert-manager", Plot.Color.BLUE, "cron", Plot.Color.RED);

	@Test
	void everyFleetLivesThroughEveryScenario() throws IOException {
		Files.createDirectories(DIRECTORY);
		Path table = DIRECTORY.resolve("fleet.md");
		Files.writeString(table, HEAD);
		SoftAssertions goals = new SoftAssertions();
		for (String size : System.getProperty("fleet.sizes", "1000,10000,100000").split(",")) {
			for (Scenario scenario : scenarios()) {
				for (Duration lifetime : LIFETIMES) {
					Setting setting = new Setting(scenario, lifetime, Integer.parseInt(size));
					if (!setting.isLeftOut()) {
						setting.requireGoals(write(setting, table), goals);
					}
				}
			}
		}
		goals.assertAll();
	}

	private static Scenario[] scenarios() {
		String names = System.getProperty("fleet.scenarios");
		return (names == null) ? Scenario.values()
				: Stream.of(names.split(",")).map(Scenario::valueOf).toArray(Scenario[]::new);
	}

	/** Returns what has become of the fleets of the engine. */
	private static List<Outcome> write(Setting setting, Path table) throws IOException {
		Map<String, List<Outcome>> outcomes = setting.play();
		Files.write(table,
				outcomes.entrySet().stream().map((client) -> row(setting, client.getKey(), client.getValue())).toList(),
				StandardOpenOption.APPEND);
		if (setting.size == DRAWN) {
			Files.writeString(DIRECTORY.resolve(setting.plot()), draw(setting, outcomes));
		}
		return Objects.requireNonNull(outcomes.get("engine"));
	}

	private static String row(Setting setting, String client, List<Outcome> outcomes) {
		Outcome outcome = median(outcomes);
		Load.Figures load = outcome.load();
		boolean outage = setting.scenario.isOutage() && load.mean() > 0;
		return "| %s | %s | %,d | %s | %,.1f | %,d | %,d | %,.1f | %s | %s | %s | %,d | %s | %d | %,d |".formatted(
				setting.scenario.title, ReadableDuration.of(setting.lifetime), setting.size, client, load.mean(),
				load.percentile(), load.secondPeak(), load.peak(),
				outage ? ratio(outcomes, Load.Figures::secondPeak, load.noise(1)) : "",
				outage ? ratio(outcomes, Load.Figures::peak, load.noise(Load.WINDOW)) : "",
				(outcome.unrecovered() > 0) ? "%,d never".formatted(outcome.unrecovered())
						: setting.scenario.isRollout() ? "" : ReadableDuration.of(outcome.recovery()),
				outcome.expired(), (load.creates() > 0) ? "%.2f".formatted(outcome.callsPerCertificate()) : "",
				outcome.mostPending(), outcome.mostWatches());
	}

	/** Of the outcome that is shown, the greatest of all, and of calls at random. */
	private static String ratio(List<Outcome> outcomes, ToDoubleFunction<Load.Figures> peak, double random) {
		ToDoubleFunction<Outcome> ratio = (outcome) -> outcome.load().times(peak.applyAsDouble(outcome.load()));
		double shown = ratio.applyAsDouble(median(outcomes));
		double greatest = outcomes.stream().mapToDouble(ratio).max().orElse(shown);
		return (outcomes.size() > 1) ? "%,.1f (%,.1f; %.1f)".formatted(shown, greatest, random)
				: "%,.1f (%.1f)".formatted(shown, random);
	}

	/** Returns the one whose peak, in relation to the mean, is the median. */
	private static Outcome median(List<Outcome> outcomes) {
		return outcomes.stream()
			.sorted(Comparator.comparingDouble((outcome) -> outcome.load().times(outcome.load().peak())))
			.toList()
			.get(outcomes.size() / 2);
	}

	/** The scale is logarithmic. */
	private static String draw(Setting setting, Map<String, List<Outcome>> outcomes) {
		Scenario scenario = setting.scenario;
		Map<String, int[]> curves = new TreeMap<>();
		outcomes.forEach((client, all) -> curves.put(client, median(all).curve()));
		int most = curves.values().stream().flatMapToInt(IntStream::of).max().orElse(1);
		double scale = 200 / Math.log10(Math.max(10, most) + 1);
		Plot plot = new Plot(720, 290)
			.text(50, 16,
					"%,d applications, lifetime %s: %s".formatted(DRAWN, ReadableDuration.of(setting.lifetime),
							scenario.title))
			.axis("M50 30V240H710");
		for (int tick = 1; tick <= most; tick *= 10) {
			plot.textBefore(44, 244 - height(tick, scale), "%,d".formatted(tick));
		}
		if (!scenario.isRollout()) {
			plot.mark("M182 30V240").text(186, 40, "over");
		}
		int x = 50;
		for (Map.Entry<String, int[]> curve : curves.entrySet()) {
			Plot.Color color = Objects.requireNonNull(COLORS.get(curve.getKey()));
			plot.line(color, 50, 660,
					IntStream.of(curve.getValue()).mapToDouble((calls) -> 240 - height(calls, scale)).toArray())
				.text(x, 280, color, curve.getKey());
			x += 130;
		}
		return plot
			.text(50, 260,
					"the most calls in a second, over " + (scenario.isRollout() ? "4.6 lifetimes" : "10 minutes"))
			.toString();
	}

	private static double height(int calls, double scale) {
		return Math.log10(calls + 1) * scale;
	}

	/** What fleets live through. */
	private record Setting(Scenario scenario, Duration lifetime, int size) {

		/** The head of the table says why. */
		boolean isLeftOut() {
			return (this.scenario == Scenario.REPLICAS && this.lifetime.toHours() * this.size > 300_000)
					|| (this.scenario.isRollout() && this.size > DRAWN && this.lifetime.toHours() > 1)
					|| (this.scenario == Scenario.SERVER_3_DAYS && this.lifetime.toHours() == 1);
		}

		/** The goals, but for the misses that are known. */
		void requireGoals(List<Outcome> outcomes, SoftAssertions goals) {
			for (Outcome outcome : outcomes) {
				goals.assertThat(outcome.unrecovered()).as("%s: without a certificate", this).isZero();
				goals.assertThat(outcome.mostPending()).as("%s: pending requests", this).isEqualTo(1);
				Duration until = this.scenario.length.plus(outcome.recovery());
				if (this.scenario.isRollout() || until.compareTo(this.lifetime.dividedBy(10)) < 0) {
					goals.assertThat(outcome.expired()).as("%s: expired", this).isZero();
				}
				if (NONE_FAILS.contains(this.scenario)) {
					goals.assertThat(outcome.callsPerCertificate()).as("%s: calls", this).isLessThanOrEqualTo(2.2);
				}
				Load.Figures load = outcome.load();
				if (this.scenario.isOutage() && !KNOWN_PEAKS.contains(name())) {
					goals.assertThat(load.times(load.peak())).as("%s: peak", this).isLessThanOrEqualTo(3);
				}
			}
		}

		/** Plays it with all clients, on all processors. */
		Map<String, List<Outcome>> play() {
			int seeds = (this.size > DRAWN) ? SEEDS_OF_LARGE : SEEDS;
			Stream<Run> engine = IntStream.rangeClosed(1, seeds).mapToObj((seed) -> new Run(this, null, seed));
			Stream<Run> rivals = Stream.of(Rival.values())
				.filter((rival) -> !OF_THE_ENGINE.contains(this.scenario))
				.map((rival) -> new Run(this, rival, 1));
			return Stream.concat(engine, rivals)
				.toList()
				.parallelStream()
				.map((run) -> Map.entry(run.client(), run.play()))
				.collect(Collectors.groupingBy(Map.Entry::getKey, LinkedHashMap::new,
						Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
		}

		String plot() {
			return "fleet-%s-%s.svg".formatted(this.scenario.name().toLowerCase(Locale.ROOT).replace('_', '-'),
					ReadableDuration.of(this.lifetime));
		}

		private String name() {
			return "%s %s %d".formatted(this.scenario, ReadableDuration.of(this.lifetime), this.size);
		}

	}

	/** A fleet with the constants of one client. */
	private record Run(Setting setting, @Nullable Rival rival, long seed) {

		String client() {
			return (this.rival != null) ? this.rival.name().toLowerCase(Locale.ROOT).replace('_', '-') : "engine";
		}

		Outcome play() {
			return Fleet.play(this.setting.scenario,
					(this.setting.size > DRAWN) ? Parameters.FAST_SIGNER : Parameters.DEFAULT, this.setting.size,
					this.setting.lifetime, this.rival, this.seed);
		}

	}

}
