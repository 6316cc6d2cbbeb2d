package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Path;

/**
 * How long a rotation takes, from the call until the new pair is current, and what it
 * costs: cold, that is the first certificate of a process, and warm.
 */
final class RotationBenchmark {

	private static final int COLD_RUNS = Benchmarks.runs(5);

	private static final int WARM_RUNS = Benchmarks.runs(3);

	private static final int WARM_UP = 700;

	private static final int MEASURED = 300;

	private RotationBenchmark() {
	}

	static void run() throws IOException, InterruptedException {
		Path directory = Certificates.directory();
		Figures figures = new Figures();
		try (Cluster cluster = Cluster.open(directory)) {
			JavaProcess.run(new Figures(), BareExchange.class, cluster.kubeconfig(), WARM_UP, 0, 1);
			for (int run = 0; run < COLD_RUNS; run++) {
				run(figures, cluster, directory.resolve("cold-" + run), 0, 0);
			}
			for (int run = 0; run < WARM_RUNS; run++) {
				JavaProcess.run(figures, BareExchange.class, cluster.kubeconfig(), WARM_UP, MEASURED, 1);
				cluster.requests();
				double cpu = cluster.cpuMillis();
				run(figures, cluster, directory.resolve("warm-" + run), WARM_UP, MEASURED);
				double rotations = 1 + WARM_UP + MEASURED;
				figures.add("requests", cluster.requests() / rotations);
				figures.add("control-plane.cpu.ms", (cluster.cpuMillis() - cpu) / rotations);
			}
			report(figures, cluster.name());
		}
	}

	private static void run(Figures figures, Cluster cluster, Path directory, int warmUp, int measured)
			throws IOException, InterruptedException {
		JavaProcess.run(figures, RotationRun.class, cluster.kubeconfig(), directory, warmUp, measured);
	}

	private static void report(Figures figures, String cluster) throws IOException {
		Measured warm = figures.get("warm.ms");
		Measured bare = figures.get("bare.ms");
		Report report = new Report("rotation");
		report.columns("One certificate, " + cluster, "median (smallest to largest)");
		report.row("first certificate of a process, ms", figures.get("cold.ms"));
		report.row("own CPU for it, ms", figures.get("cold.cpu.ms"));
		report.row("warm rotation, ms", warm);
		report.row("warm rotation, 90 % within, ms", Measured.round(warm.quantile(0.9)));
		report.row("own CPU per warm rotation, ms", figures.get("warm.cpu.ms"));
		report.row("requests per rotation", figures.get("requests"));
		report.row("the control plane alone, ms", bare);
		report.row("its part of a warm rotation, %", Measured.round(100 * bare.median() / warm.median()));
		report.row("the control plane's CPU per rotation, ms", figures.get("control-plane.cpu.ms"));
		report.publish();
	}

}
