package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.List;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import net.jqwik.api.Tuple.Tuple2;

/**
 * Makes up histories.
 */
final class Histories {

	private static final Duration MINUTE = Duration.ofMinutes(1);

	private static final Duration HOUR = Duration.ofHours(1);

	private static final Duration DAY = Duration.ofDays(1);

	/**
	 * Lifetimes, and how often the engine looks at the clock then: a minute is its
	 * default, but half a billion of them in a thousand years would bring nothing new.
	 */
	private static final List<Tuple2<Duration, Duration>> PACES = List.of(Tuple.of(HOUR, Duration.ofSeconds(15)),
			Tuple.of(HOUR, MINUTE), Tuple.of(DAY, MINUTE.multipliedBy(10)), Tuple.of(DAY.multipliedBy(7), HOUR),
			Tuple.of(DAY.multipliedBy(30), HOUR.multipliedBy(6)), Tuple.of(DAY.multipliedBy(90), HOUR.multipliedBy(12)),
			Tuple.of(DAY.multipliedBy(180), DAY), Tuple.of(DAY.multipliedBy(365), DAY));

	private Histories() {
	}

	static Arbitrary<History> any() {
		return Arbitraries.of(PACES)
			.flatMap((pace) -> Combinators
				.combine(Arbitraries.integers().between(1, 4), Arbitraries.longs().between(0, 1_000_000),
						step(pace.get1()).list().ofMinSize(1).ofMaxSize(30))
				.as((certificates, seed, steps) -> new History(certificates, pace.get1(), pace.get2(), seed, steps)));
	}

	private static Arbitrary<Step> step(Duration lifetime) {
		return Combinators.combine(action(), Arbitraries.integers().between(0, 5), pass(lifetime)).as(Step::new);
	}

	/**
	 * All that can happen; what heals comes more often, or nothing would ever be well.
	 */
	private static Arbitrary<Action> action() {
		return Arbitraries.frequencyOf(Tuple.of(4, Arbitraries.of(Action.class)),
				Tuple.of(3, Arbitraries.of(Action.NOTHING, Action.SERVER_WELL, Action.APPROVER_WELL, Action.DISK_WELL,
						Action.CLOCK_RIGHT, Action.TEMPLATE_CHANGES)));
	}

	private static Arbitrary<Duration> pass(Duration lifetime) {
		return Arbitraries.of(Duration.ofSeconds(10), MINUTE, MINUTE.multipliedBy(20), Duration.ofHours(3),
				lifetime.dividedBy(10), lifetime.dividedBy(2), lifetime, lifetime.multipliedBy(3),
				lifetime.multipliedBy(10));
	}

}
