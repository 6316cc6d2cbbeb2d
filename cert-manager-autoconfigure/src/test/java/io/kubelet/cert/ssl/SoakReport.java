package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

import io.kubelet.cert.testsupport.Plot;

/**
 * Series of values that are sampled in the course of a soak, and written to a file at
 * once. The first sixth of the samples is of an application that warms up, and does not
 * count.
 */
final class SoakReport {

	private static final int WIDTH = 240;

	private static final int HEIGHT = 130;

	private final Path directory;

	private final List<Series> series = new ArrayList<>();

	SoakReport(Path directory) {
		this.directory = directory;
	}

	/**
	 * Adds a series.
	 * @param name the name, with the unit if there is one
	 * @param tolerated by how much it may rise in the course of the soak
	 * @param source measures the value
	 */
	SoakReport series(String name, double tolerated, DoubleSupplier source) {
		this.series.add(new Series(name, tolerated, source, new ArrayList<>()));
		return this;
	}

	/** Begins the file with the samples. */
	void start() throws IOException {
		Files.createDirectories(this.directory);
		Files.writeString(samples(), line(this.series.stream().map(Series::column)::iterator));
	}

	void sample() throws IOException {
		this.series.forEach((series) -> series.values.add(series.source.getAsDouble()));
		Files.writeString(samples(), line(this.series.stream().map(Series::last)::iterator), StandardOpenOption.APPEND);
		if (this.series.get(0).values.size() > 3) {
			draw();
		}
	}

	private Path samples() {
		return this.directory.resolve("samples.csv");
	}

	private static String line(Iterable<String> cells) {
		return String.join(",", cells) + "\n";
	}

	/** The series that rise although they should not, in words. */
	List<String> rising() {
		return this.series.stream().filter(Series::rises).map(Series::toString).toList();
	}

	@Override
	public String toString() {
		return this.series.stream().map(Series::toString).collect(Collectors.joining("\n"));
	}

	/** Draws each series in a part of the picture. */
	private void draw() throws IOException {
		int columns = 3;
		Plot plot = new Plot(columns * WIDTH, (this.series.size() + columns - 1) / columns * HEIGHT);
		IntStream.range(0, this.series.size())
			.forEach((i) -> this.series.get(i).draw(plot, i % columns * WIDTH, i / columns * HEIGHT));
		Files.writeString(this.directory.resolve("soak.svg"), plot.toString());
	}

	private record Series(String name, double tolerated, DoubleSupplier source, List<Double> values) {

		String column() {
			return this.name.replace(",", "");
		}

		String last() {
			return "%.1f".formatted(this.values.get(this.values.size() - 1));
		}

		boolean rises() {
			return trend().exceeds(this.tolerated);
		}

		private Trend trend() {
			return Trend.of(this.values.subList(this.values.size() / 6, this.values.size()));
		}

		void draw(Plot plot, int left, int top) {
			double most = numbers().max().orElse(0);
			double[] y = numbers().map((value) -> top + HEIGHT - 20 - 80 * value / Math.max(1, most)).toArray();
			plot.text(left + 10, top + 20, this.name)
				.textBefore(left + WIDTH - 10, top + 20, "%,.0f".formatted(most))
				.axis("M%d %dV%dH%d".formatted(left + 10, top + 26, top + HEIGHT - 20, left + WIDTH - 10))
				.line(rises() ? Plot.Color.RED : Plot.Color.GREEN, left + 10, WIDTH - 20, y)
				.text(left + 10, top + HEIGHT - 6, change());
		}

		private DoubleStream numbers() {
			return this.values.stream().mapToDouble(Double::doubleValue);
		}

		private String change() {
			Trend trend = trend();
			return "%+,.1f ± %,.1f".formatted(trend.growth(), 3 * trend.error())
					+ (Double.isFinite(this.tolerated) ? "; limit: %,.0f".formatted(this.tolerated) : "");
		}

		@Override
		public String toString() {
			return this.name + ": " + change();
		}

	}

}
