package io.kubelet.cert.ssl;

import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests of what a soak finds: a sample each minute for 100 minutes, in each of which
 * eight certificates rotate twelve times.
 *
 * @see "docs/build.md"
 */
class TrendTests {

	private static final int MINUTES = 100;

	private static final int ROTATIONS = 8 * 12;

	/** Half a kilobyte for each rotation. */
	private static final double KILOBYTES = ROTATIONS * MINUTES / 2.0;

	private final Random random = new Random(1);

	@Test
	void growthIsThatOfTheLine() {
		Trend trend = Trend.of(List.of(1.0, 3.0, 5.0, 7.0));
		assertThat(trend.growth()).isCloseTo(6, within(1e-9));
		assertThat(trend.error()).isCloseTo(0, within(1e-9));
	}

	@Test
	void kilobyteThatEachRotationLeavesIsFound() {
		assertThat(heap((minute) -> 0).exceeds(KILOBYTES)).isFalse();
		assertThat(heap((minute) -> ROTATIONS * minute).exceeds(KILOBYTES)).isTrue();
	}

	/** A heap of 60 MB that is some 3 MB larger or smaller from minute to minute. */
	private Trend heap(IntToDoubleFunction leak) {
		return trend((minute) -> 60_000 + 3000 * this.random.nextGaussian() + leak.applyAsDouble(minute));
	}

	@Test
	void threadOrDescriptorThatEachRotationLeavesIsFound() {
		assertThat(pool((minute) -> 0).exceeds(TlsSoak.FEW)).isFalse();
		assertThat(pool((minute) -> ROTATIONS * minute).exceeds(TlsSoak.FEW)).isTrue();
	}

	@Test
	void threadOrDescriptorThatEachRestartOfTheServerLeavesIsFound() {
		assertThat(pool((minute) -> minute / 10).exceeds(TlsSoak.FEW)).isTrue();
	}

	/** A pool of 40 that has up to four threads or connections more for a while. */
	private Trend pool(IntToDoubleFunction leak) {
		return trend((minute) -> 40 + this.random.nextInt(5) + leak.applyAsDouble(minute));
	}

	@Test
	void cacheThatIsEmptiedNowAndThenIsNoLeak() {
		assertThat(trend((minute) -> 1000 * (minute % 15)).exceeds(KILOBYTES)).isFalse();
	}

	@Test
	void tooFewValuesShowNothing() {
		assertThat(Trend.of(List.of(1.0, 1.0)).exceeds(TlsSoak.FEW)).isTrue();
		assertThat(Trend.of(List.of(1.0, Double.NaN, 1.0)).exceeds(TlsSoak.FEW)).isTrue();
	}

	private static Trend trend(IntToDoubleFunction values) {
		return Trend.of(IntStream.range(0, MINUTES).mapToDouble(values).boxed().collect(Collectors.toList()));
	}

}
