package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.util.Collection;
import java.util.stream.Collectors;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * The small steps, measured by JMH.
 */
final class JmhBenchmark {

	private JmhBenchmark() {
	}

	static void run() throws RunnerException, IOException {
		Collection<RunResult> results = new Runner(
				new OptionsBuilder().include(JmhBenchmark.class.getPackageName().replace(".", "\\."))
					.forks(Benchmarks.runs(2))
					.warmupIterations(5)
					.warmupTime(TimeValue.seconds(1))
					.measurementIterations(5)
					.measurementTime(TimeValue.seconds(1))
					.shouldFailOnError(true)
					.build())
			.run();
		Report report = new Report("jmh");
		report.columns("step", "mean", "error (99.9 %)", "unit");
		for (RunResult run : results) {
			Result<?> result = run.getPrimaryResult();
			report.row(name(run.getParams()), Measured.round(result.getScore()), Measured.round(result.getScoreError()),
					result.getScoreUnit());
		}
		report.publish();
	}

	private static String name(BenchmarkParams params) {
		String name = params.getBenchmark().substring(JmhBenchmark.class.getPackageName().length() + 1);
		return params.getParamsKeys()
			.stream()
			.map(params::getParam)
			.collect(Collectors.joining(", ", name + " ", ""))
			.trim();
	}

}
