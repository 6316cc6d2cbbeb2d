package io.kubelet.cert.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.fleet.ControlPlane.Parameters;
import io.kubelet.cert.fleet.Fleet.Outcome;
import io.kubelet.cert.fleet.RivalApplication.Rival;
import io.kubelet.cert.testsupport.Plot;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Writes figures and plots of simulated fleets to target/fleet. With
 * {@code -Dfleet.sizes=1000,10000}, fleets have other sizes.
 */
class FleetReport {

	private static final Path DIRECTORY = Path.of("target", "fleet");

	private static final List<Duration> LIFETIMES = List.of(Duration.ofHours(1), Duration.ofDays(1),
			Duration.ofDays(90));

	private static final int DRAWN = 10_000;

	private static final Map<String, Plot.Color> COLORS = Map.of("engine", Plot.Color.GREEN, "client-go",
			Plot.Color.YELLOW, "cert-manager", Plot.Color.BLUE, "cron", Plot.Color.RED);

	@Test
	void everyFleetLivesThroughEveryScenario() throws IOException {
		Files.createDirectories(DIRECTORY);
		Path table = DIRECTORY.resolve("fleet.md");
		Files.writeString(table,
				"""
						| scenario | lifetime | applications | constants of | calls/s: mean | 99th percentile | peak | all valid after | expired | calls per certificate | pending at most | watches |
						|---|---|---|---|---|---|---|---|---|---|---|---|
						""");
		for (int size : Stream.of(System.getProperty("fleet.sizes", "1000,10000,100000").split(","))
			.mapToInt(Integer::parseInt)
			.toArray()) {
			for (Scenario scenario : Scenario.values()) {
				for (Duration lifetime : LIFETIMES) {
					Files.write(table, play(scenario, lifetime, size), StandardOpenOption.APPEND);
				}
			}
		}
	}

	private static List<String> play(Scenario scenario, Duration lifetime, int size) throws IOException {
		List<String> rows = new ArrayList<>();
		Map<String, int[]> curves = new TreeMap<>();
		for (@Nullable
		Rival rival : clients()) {
			String name = (rival != null) ? rival.name().toLowerCase(Locale.ROOT).replace('_', '-') : "engine";
			if (!isTooLong(scenario, lifetime, size, rival)) {
				Outcome outcome = Fleet.play(scenario, Parameters.DEFAULT, size, lifetime, rival);
				rows.add(row(scenario, lifetime, size, name, outcome));
				curves.put(name, outcome.curve());
			}
		}
		if (size == DRAWN) {
			Files.writeString(
					DIRECTORY.resolve("fleet-%s-%s.svg".formatted(
							scenario.name().toLowerCase(Locale.ROOT).replace('_', '-'), ReadableDuration.of(lifetime))),
					draw(scenario, lifetime, curves));
		}
		return rows;
	}

	private static List<@Nullable Rival> clients() {
		List<@Nullable Rival> clients = new ArrayList<>(Arrays.asList(Rival.values()));
		clients.add(0, null);
		return clients;
	}

	/** Replicas watch their Secret all the time, each some 200 times a day. */
	private static boolean isTooLong(Scenario scenario, Duration lifetime, int size, @Nullable Rival rival) {
		return scenario == Scenario.REPLICAS && (rival != null || lifetime.toHours() * size > 100_000);
	}

	private static String row(Scenario scenario, Duration lifetime, int size, String name, Outcome outcome) {
		Load.Figures load = outcome.load();
		return "| %s | %s | %,d | %s | %.1f | %d | %.1f | %s | %,d | %s | %d | %,d |".formatted(scenario.title,
				ReadableDuration.of(lifetime), size, name, load.mean(), load.percentile(), load.peak(),
				(outcome.unrecovered() > 0) ? "%,d never".formatted(outcome.unrecovered())
						: scenario.isRollout() ? "" : ReadableDuration.of(outcome.recovery()),
				outcome.expired(), (load.creates() > 0) ? "%.2f".formatted(outcome.callsPerCertificate()) : "",
				outcome.mostPending(), outcome.mostWatches());
	}

	/** The scale is logarithmic. */
	private static String draw(Scenario scenario, Duration lifetime, Map<String, int[]> curves) {
		int most = curves.values().stream().flatMapToInt(IntStream::of).max().orElse(1);
		double scale = 200 / Math.log10(Math.max(10, most) + 1);
		Plot plot = new Plot(720, 290)
			.text(50, 16,
					"%,d applications, lifetime %s: %s".formatted(DRAWN, ReadableDuration.of(lifetime), scenario.title))
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

}
