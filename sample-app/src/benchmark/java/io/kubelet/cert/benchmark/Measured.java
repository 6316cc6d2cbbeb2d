package io.kubelet.cert.benchmark;

import java.util.Collection;
import java.util.Locale;

/**
 * Measured values of one thing. Its text is the median and the spread.
 *
 * @param values the values, in ascending order
 */
record Measured(double[] values) {

	static Measured of(Collection<Double> values) {
		return new Measured(values.stream().mapToDouble(Double::doubleValue).sorted().toArray());
	}

	double median() {
		return quantile(0.5);
	}

	double quantile(double fraction) {
		return (this.values.length > 0) ? this.values[(int) (fraction * (this.values.length - 1))] : Double.NaN;
	}

	/** The median of these values less the median of others. */
	String difference(Measured other) {
		return round(median() - other.median());
	}

	/** How much more the median of these values is than that of others. */
	String percentAbove(Measured other) {
		return round(100 * (median() / other.median() - 1)) + " %";
	}

	@Override
	public String toString() {
		return (this.values.length == 1) ? round(median())
				: "%s (%s to %s)".formatted(round(median()), round(quantile(0)), round(quantile(1)));
	}

	/** Three significant digits, and whole numbers whole. */
	static String round(double value) {
		if (Double.isNaN(value)) {
			return "-";
		}
		double size = Math.abs(value);
		return String.format(Locale.ROOT,
				(size >= 100 || value == Math.rint(value)) ? "%,.0f" : (size >= 10) ? "%.1f" : "%.2f", value);
	}

}
