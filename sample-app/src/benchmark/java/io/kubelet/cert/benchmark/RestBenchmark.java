package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Path;

/**
 * What 10,000 certificates cost while nothing is due.
 */
final class RestBenchmark {

	private static final int CERTIFICATES = 10_000;

	private static final int SECONDS = 60;

	private static final int RUNS = Benchmarks.runs(3);

	private RestBenchmark() {
	}

	static void run() throws IOException, InterruptedException {
		Path directory = Certificates.directory();
		Certificates.store(directory, CERTIFICATES);
		Report report = new Report("rest");
		report.columns("%,d certificates at rest".formatted(CERTIFICATES), "own CPU per minute, ms");
		for (boolean supplied : new boolean[] { false, true }) {
			Figures figures = new Figures();
			for (int run = 0; run < RUNS; run++) {
				JavaProcess.run(figures, IdleRun.class, directory, CERTIFICATES, supplied, SECONDS);
			}
			report.row(supplied ? "templates from suppliers" : "static templates", figures.get("cpu.ms"));
		}
		report.row("nothing: a JVM without certificates", nothing());
		report.publish();
	}

	private static Measured nothing() throws IOException, InterruptedException {
		Figures figures = new Figures();
		Path directory = Certificates.directory();
		JavaProcess.run(figures, IdleRun.class, directory, 0, false, SECONDS);
		return figures.get("cpu.ms");
	}

}
