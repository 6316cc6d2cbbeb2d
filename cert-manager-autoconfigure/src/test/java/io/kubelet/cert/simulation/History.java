package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All that happens to a certificate. It has a text form, in which it is printed and kept.
 *
 * @param processes how many processes have the certificate: one keeps it in files,
 * several share a Secret
 * @param lifetime how long it lives
 * @param seed of all that is random in the processes
 * @param steps what happens
 */
record History(int processes, Duration lifetime, long seed, List<Step> steps) {

	private static final Duration MINUTE = Duration.ofMinutes(1);

	private static final Duration HOUR = Duration.ofHours(1);

	/** The engine looks at the clock each minute: longer ones bring nothing new. */
	private static final List<Duration> LIFETIMES = List.of(HOUR, HOUR.multipliedBy(8));

	/** Makes up a history of one process, which follows from the seed. */
	static History ofFiles(long seed) {
		Random random = new Random(seed);
		Duration lifetime = any(LIFETIMES, random);
		List<Duration> passes = List.of(Duration.ofSeconds(10), MINUTE, MINUTE.multipliedBy(20), HOUR.multipliedBy(3),
				lifetime.dividedBy(10), lifetime.dividedBy(2), lifetime, lifetime.multipliedBy(3),
				lifetime.multipliedBy(10));
		// What heals comes more often, or nothing would ever be well
		return new History(1, lifetime, seed,
				steps(30, random,
						(any) -> new Step(any((random.nextInt(7) < 4) ? Action.OF_FILES : Action.HEALING, random), 0,
								any(passes, random))));
	}

	/** Makes up a history of replicas, which follows from the seed. */
	static History ofReplicas(long seed) {
		Random random = new Random(seed);
		int replicas = 2 + random.nextInt(4);
		List<Duration> passes = List.of(Duration.ofSeconds(1), Duration.ofSeconds(10), MINUTE, MINUTE.multipliedBy(20),
				HOUR, HOUR.multipliedBy(3));
		return new History(replicas, HOUR.multipliedBy(2), seed, steps(25, random,
				(any) -> new Step(any(Action.OF_REPLICAS, random), random.nextInt(replicas), any(passes, random))));
	}

	private static List<Step> steps(int most, Random random, Function<Random, Step> step) {
		return Stream.generate(() -> step.apply(random)).limit(1 + random.nextInt(most)).toList();
	}

	private static <T> T any(List<T> list, Random random) {
		return list.get(random.nextInt(list.size()));
	}

	static History parse(String text) {
		String[] lines = text.split("; ");
		String[] words = lines[0].split(" ");
		return new History(Integer.parseInt(words[0]), Duration.parse(words[1]), Long.parseLong(words[2]),
				Arrays.stream(lines).skip(1).map(Step::parse).toList());
	}

	History without(int step) {
		List<Step> left = Stream.concat(this.steps.stream().limit(step), this.steps.stream().skip(step + 1)).toList();
		return new History(this.processes, this.lifetime, this.seed, left);
	}

	@Override
	public String toString() {
		return "%d %s %d".formatted(this.processes, this.lifetime, this.seed)
				+ this.steps.stream().map(Step::toString).collect(Collectors.joining("; ", "; ", ""));
	}

	/**
	 * Something happens, then time passes.
	 *
	 * @param action what happens
	 * @param process the index of the process to which it happens, if it happens to one
	 * @param pass how much time passes then
	 */
	record Step(Action action, int process, Duration pass) {

		static Step parse(String text) {
			String[] words = text.split(" ");
			return new Step(Action.valueOf(words[0]), Integer.parseInt(words[1]), Duration.parse(words[2]));
		}

		@Override
		public String toString() {
			return "%s %d %s".formatted(this.action, this.process, this.pass);
		}

	}

}
