package io.kubelet.cert.fleet;

import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Rejections}.
 *
 * @see "docs/at-scale.md"
 */
class RejectionsTests {

	private final Rejections rejections = new Rejections();

	@Test
	void waitIsDoubledOnceInItsTimeUpToHalfAMinute() {
		assertThat(LongStream.range(0, 8).mapToInt(this::three)).containsExactly(1, 2, 2, 4, 4, 4, 4, 8);
		assertThat(LongStream.range(8, 80).mapToInt(this::three).max()).hasValue(32);
	}

	@Test
	void waitIsASecondShorterIfFewCallsAreRejected() {
		LongStream.range(0, 4).forEach(this::three);
		assertThat(LongStream.of(20, 40, 60, 80).mapToInt(this.rejections::rejected)).containsExactly(3, 2, 1, 1);
	}

	private int three(long second) {
		this.rejections.rejected(second);
		this.rejections.rejected(second);
		return this.rejections.rejected(second);
	}

}
