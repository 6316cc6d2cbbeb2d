package io.kubelet.cert.certificate;

import java.time.Duration;

/**
 * Formats durations for log lines and messages.
 */
public final class ReadableDuration {

	private static final long MINUTE = 60;

	private static final long HOUR = 60 * MINUTE;

	private static final long DAY = 24 * HOUR;

	private ReadableDuration() {
	}

	/**
	 * Formats a duration as people write it: {@code 45s}, {@code 2m 5s}, {@code 15m},
	 * {@code 3d 4h}. The text has at most two adjacent units. A duration is rounded, and
	 * is at least {@code 1s}.
	 * @param duration the duration
	 * @return the text
	 */
	public static String of(Duration duration) {
		long seconds = Math.max(1, duration.plusMillis(500).toSeconds());
		long unit = (seconds / DAY > 0) ? HOUR : (seconds / HOUR > 0) ? MINUTE : 1;
		Duration rounded = Duration.ofSeconds((seconds + unit / 2) / unit * unit);
		String allUnits = rounded.toDays() + "d " + rounded.toHoursPart() + "h " + rounded.toMinutesPart() + "m "
				+ rounded.toSecondsPart() + "s";
		return allUnits.replaceAll("\\b0[dhms]", "").strip();
	}

}
