package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.util.Collection;
import java.util.Objects;
import java.util.stream.Collectors;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
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

	static void steps() throws RunnerException, IOException {
		run("jmh", "");
	}

	static void peers() throws RunnerException, IOException {
		run("peers", ".(" + PeerCheck.class.getSimpleName() + "|" + MutualHandshake.class.getSimpleName() + ")");
	}

	private static void run(String name, String included) throws RunnerException, IOException {
		Collection<RunResult> results = new Runner(
				new OptionsBuilder().include(JmhBenchmark.class.getPackageName().replace(".", "\\.") + included)
					.addProfiler(GCProfiler.class)
					.forks(Benchmarks.runs(2))
					.warmupIterations(5)
					.warmupTime(TimeValue.seconds(1))
					.measurementIterations(5)
					.measurementTime(TimeValue.seconds(1))
					.shouldFailOnError(true)
					.build())
			.run();
		Report report = new Report(name);
		report.columns("step", "mean", "error (99.9 %)", "unit", "allocated, bytes");
		for (RunResult run : results) {
			Result<?> result = run.getPrimaryResult();
			Result<?> allocated = Objects.requireNonNull(run.getSecondaryResults().get("gc.alloc.rate.norm"));
			report.row(name(run.getParams()), Measured.round(result.getScore()), Measured.round(result.getScoreError()),
					result.getScoreUnit(), Measured.round(allocated.getScore()));
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
