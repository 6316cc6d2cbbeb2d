package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Failure;
import org.jspecify.annotations.Nullable;

/**
 * The calls that an API server receives, by the second.
 */
final class Load {

	/** Beyond, calls are not told apart. */
	private static final int MOST = 100_000;

	/** How many seconds the longer one of the two windows has. */
	static final int WINDOW = 10;

	/** How many seconds have had so many calls, but for those without. */
	private final int[] seconds = new int[MOST + 1];

	private final int[] window = new int[WINDOW];

	private final Map<Call, Integer> answered = new EnumMap<>(Call.class);

	private int busy;

	private long begin;

	private long second;

	private int count;

	private int secondPeak;

	private int windowPeak;

	private long calls;

	private long away;

	private long creates;

	/** The most calls in a second, in each part of the time that is drawn. */
	private int[] curve = new int[0];

	private long curveBegin;

	private long curvePart = 1;

	/**
	 * A call has been made.
	 * @param failure why it fails, {@code null} if it does not
	 */
	void called(long now, Call call, @Nullable Failure failure) {
		if (failure == Failure.UNREACHABLE) {
			this.away++;
			return;
		}
		if (failure == null) {
			this.answered.merge(call, 1, Integer::sum);
		}
		else if (failure.isBusy()) {
			this.busy++;
		}
		this.calls++;
		long second = now / Timeline.SECOND;
		if (second != this.second) {
			advance(second);
		}
		this.count++;
		this.window[(int) (second % WINDOW)]++;
	}

	private void advance(long next) {
		this.secondPeak = Math.max(this.secondPeak, this.count);
		this.windowPeak = Math.max(this.windowPeak, Arrays.stream(this.window).sum());
		if (this.count > 0) {
			this.seconds[Math.min(this.count, MOST)]++;
			long part = Math.floorDiv(this.second * Timeline.SECOND - this.curveBegin, this.curvePart);
			if (part >= 0 && part < this.curve.length) {
				this.curve[(int) part] = Math.max(this.curve[(int) part], this.count);
			}
		}
		for (long passed = Math.max(this.second + 1, next - WINDOW + 1); passed <= next; passed++) {
			this.window[(int) (passed % WINDOW)] = 0;
		}
		this.second = next;
		this.count = 0;
	}

	void created() {
		this.creates++;
	}

	/** Draws the time from now on, in parts of a length. */
	void draw(long now, long part, int parts) {
		this.curve = new int[parts];
		this.curveBegin = now;
		this.curvePart = part;
	}

	int[] curve() {
		return this.curve;
	}

	/** Counts from now on. */
	void begin(long now) {
		advance(now / Timeline.SECOND);
		Arrays.fill(this.seconds, 0);
		Arrays.fill(this.window, 0);
		this.answered.clear();
		this.busy = 0;
		this.begin = now / Timeline.SECOND;
		this.secondPeak = 0;
		this.windowPeak = 0;
		this.calls = 0;
		this.away = 0;
		this.creates = 0;
	}

	/** Returns what was counted until now. */
	Figures end(long now) {
		advance(now / Timeline.SECOND + 1);
		long length = Math.max(1, now / Timeline.SECOND - this.begin + 1);
		return new Figures(Duration.ofSeconds(length), this.calls, this.creates, this.away, Map.copyOf(this.answered),
				this.busy, (double) this.calls / length, percentile(length, 0.99), this.secondPeak,
				(double) this.windowPeak / WINDOW);
	}

	private int percentile(long length, double part) {
		long above = (long) (length * (1 - part));
		int rate = MOST;
		for (long seconds = this.seconds[rate]; rate > 0 && seconds <= above; seconds += this.seconds[rate]) {
			rate--;
		}
		return rate;
	}

	/**
	 * What was counted.
	 *
	 * @param time how long
	 * @param calls that the API server has received
	 * @param creates how many of them have created a request
	 * @param away calls that found no API server
	 * @param answered how many calls of each kind did what they were to do
	 * @param busy calls that were answered with 429
	 * @param mean calls in a second, on average
	 * @param percentile calls in a second, in 99 of 100 seconds at most
	 * @param secondPeak the most calls in a second
	 * @param peak the most calls in ten seconds, by the second
	 */
	record Figures(Duration time, long calls, long creates, long away, Map<Call, Integer> answered, int busy,
			double mean, int percentile, int secondPeak, double peak) {

		/** Returns how many times the mean a peak is, 0 without calls. */
		double times(double peak) {
			return (this.mean > 0) ? peak / this.mean : 0;
		}

		/**
		 * Returns how many times the mean the peak would be if calls came at random, in
		 * pairs since those that create and watch do.
		 * @param window the seconds of which a peak is one
		 */
		double noise(int window) {
			double expected = this.mean / 2 * window;
			double windows = Math.max(1, (double) this.time.toSeconds() / window);
			// Logarithmic, since that of no call at all can be too small
			double probability = -expected;
			double atMost = Math.exp(probability);
			int pairs = 0;
			// Until no window has more, in half of all cases
			while (Math.pow(atMost, windows) < 0.5 && pairs < MOST) {
				pairs++;
				probability += Math.log(expected / pairs);
				atMost += Math.exp(probability);
			}
			return (expected > 0) ? pairs / expected : 0;
		}

	}

}
