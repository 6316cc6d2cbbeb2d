package io.kubelet.cert.test.resource;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations in the notation of Go, which custom resources use: {@code 1h30m}.
 */
final class GoDuration {

	private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d*)?)(h|ms|m|s|us|ns)");

	private static final Map<String, BigDecimal> NANOS = Map.of("h", nanos(Duration.ofHours(1)), "m",
			nanos(Duration.ofMinutes(1)), "s", nanos(Duration.ofSeconds(1)), "ms", nanos(Duration.ofMillis(1)), "us",
			BigDecimal.valueOf(1000), "ns", BigDecimal.ONE);

	private GoDuration() {
	}

	/**
	 * Reads a duration.
	 * @throws IllegalArgumentException if it is none; the message is that of Go
	 */
	static Duration parse(String text) {
		String parts = text.replaceFirst("^[-+]", "");
		if (!parts.equals("0") && !parts.matches("(" + PART + ")+")) {
			throw new IllegalArgumentException("time: invalid duration \"" + text + "\"");
		}
		BigDecimal sum = BigDecimal.ZERO;
		for (Matcher part = PART.matcher(parts); part.find();) {
			sum = sum.add(new BigDecimal(part.group(1)).multiply(NANOS.get(part.group(2))));
		}
		Duration duration = Duration.ofNanos(sum.longValue());
		return text.startsWith("-") ? duration.negated() : duration;
	}

	/** Writes whole seconds as Go does. */
	static String format(Duration duration) {
		if (duration.isNegative()) {
			return "-" + format(duration.negated());
		}
		long seconds = duration.toSeconds();
		String hours = (seconds >= 3600) ? seconds / 3600 + "h" : "";
		String minutes = (seconds >= 60) ? seconds / 60 % 60 + "m" : "";
		return hours + minutes + seconds % 60 + "s";
	}

	private static BigDecimal nanos(Duration duration) {
		return BigDecimal.valueOf(duration.toNanos());
	}

}
