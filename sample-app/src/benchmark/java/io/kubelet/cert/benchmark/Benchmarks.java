package io.kubelet.cert.benchmark;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs the benchmark that the first argument names.
 */
final class Benchmarks {

	private static final Map<String, Benchmark> ALL = new TreeMap<>(
			Map.of("cold", ColdBenchmark::run, "jmh", JmhBenchmark::steps, "peers", JmhBenchmark::peers, "rotation",
					RotationBenchmark::run, "many", ManyBenchmark::run, "idle", IdleBenchmark::run, "rest",
					RestBenchmark::run, "startup", StartupBenchmark::run));

	private Benchmarks() {
	}

	public static void main(String[] args) throws Exception {
		Benchmark benchmark = (args.length > 0) ? ALL.get(args[0]) : null;
		if (benchmark == null) {
			System.err.printf("There is no benchmark %s. Name one of %s with -Dbenchmark=NAME%n", Arrays.toString(args),
					ALL.keySet());
			System.exit(1);
		}
		else {
			benchmark.run();
		}
	}

	/**
	 * Returns how often to run what is measured.
	 * @param normally the number unless the system property {@code benchmark.runs} is set
	 */
	static int runs(int normally) {
		return Integer.getInteger("benchmark.runs", normally);
	}

	@FunctionalInterface
	private interface Benchmark {

		void run() throws Exception;

	}

}
