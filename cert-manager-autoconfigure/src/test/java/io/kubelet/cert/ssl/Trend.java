package io.kubelet.cert.ssl;

import java.util.List;
import java.util.stream.IntStream;

/**
 * How a series of values, taken at equal intervals, rises from its first to its last
 * value, by the line that fits it best (least squares).
 *
 * @param growth how much the line rises
 * @param error the standard error of that
 */
record Trend(double growth, double error) {

	static Trend of(List<Double> values) {
		int count = values.size();
		double middle = (count - 1) / 2.0;
		double mean = values.stream().mapToDouble(Double::doubleValue).average().orElse(0);
		double squares = count * ((double) count * count - 1) / 12;
		double slope = IntStream.range(0, count).mapToDouble((i) -> (i - middle) * values.get(i)).sum() / squares;
		double deviations = IntStream.range(0, count)
			.mapToDouble((i) -> values.get(i) - mean - slope * (i - middle))
			.map((deviation) -> deviation * deviation)
			.sum();
		return new Trend(slope * (count - 1), Math.sqrt(deviations / (count - 2) / squares) * (count - 1));
	}

	/**
	 * Whether the series rises by more than is tolerated, and by more than its noise
	 * explains, which are three standard errors. One of too few values, or of values that
	 * are no numbers, counts as if it did.
	 */
	boolean exceeds(double tolerated) {
		return !(this.growth <= Math.max(tolerated, 3 * this.error));
	}

}
