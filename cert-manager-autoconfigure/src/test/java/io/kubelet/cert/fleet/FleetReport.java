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
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.fleet.ControlPlane.Parameters;
import io.kubelet.cert.fleet.Fleet.Outcome;
import io.kubelet.cert.fleet.RivalApplication.Rival;
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

	private static final Map<String, String> COLORS = Map.of("engine", "#2da44e", "client-go", "#bf8700",
			"cert-manager", "#0969da", "cron", "#cf222e");

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

	/**
	 * Lines in a picture, on a logarithmic scale, that is light or dark as its reader.
	 */
	private static String draw(Scenario scenario, Duration lifetime, Map<String, int[]> curves) {
		int most = curves.values().stream().flatMapToInt(IntStream::of).max().orElse(1);
		double scale = 200 / Math.log10(Math.max(10, most) + 1);
		StringBuilder svg = new StringBuilder("""
				<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 290" font-family="sans-serif" font-size="12">
				<style>text{fill:#1f2328}.axis{stroke:#59636e}path{fill:none;stroke-width:1.5}
				@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.axis{stroke:#9198a1}}</style>
				<text x="50" y="16">%,d applications, lifetime %s: %s</text>
				<path class="axis" d="M50 30V240H710"/>
				""".formatted(DRAWN, ReadableDuration.of(lifetime), scenario.title));
		for (int tick = 1; tick <= most; tick *= 10) {
			svg.append("<text x=\"44\" y=\"%.0f\" text-anchor=\"end\">%,d</text>\n".formatted(244 - height(tick, scale),
					tick));
		}
		if (!scenario.isRollout()) {
			svg.append(
					"<path class=\"axis\" stroke-dasharray=\"4\" d=\"M182 30V240\"/><text x=\"186\" y=\"40\">over</text>\n");
		}
		int x = 50;
		for (Map.Entry<String, int[]> curve : curves.entrySet()) {
			String color = COLORS.get(curve.getKey());
			svg.append("<path stroke=\"%s\" d=\"M%s\"/><text x=\"%d\" y=\"280\" style=\"fill:%s\">%s</text>\n"
				.formatted(color, points(curve.getValue(), scale), x, color, curve.getKey()));
			x += 130;
		}
		return svg
			.append("<text x=\"50\" y=\"260\">the most calls in a second, over %s</text>\n</svg>\n"
				.formatted(scenario.isRollout() ? "4.6 lifetimes" : "10 minutes"))
			.toString();
	}

	private static double height(int calls, double scale) {
		return Math.log10(calls + 1) * scale;
	}

	private static String points(int[] curve, double scale) {
		return IntStream.range(0, curve.length)
			.mapToObj(
					(part) -> "%.1f %.1f".formatted(50 + 660.0 * part / curve.length, 240 - height(curve[part], scale)))
			.collect(Collectors.joining("L"));
	}

}
