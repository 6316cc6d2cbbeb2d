package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Path;

/**
 * How long 1,000 first certificates take that are requested at once, and what each costs.
 */
final class ManyBenchmark {

	private static final int CERTIFICATES = 1000;

	private static final int RUNS = Benchmarks.runs(5);

	private ManyBenchmark() {
	}

	static void run() throws IOException, InterruptedException {
		Path directory = Certificates.directory();
		Figures figures = new Figures();
		try (Cluster cluster = Cluster.open(directory)) {
			// The control plane is warm from then on
			JavaProcess.run(new Figures(), BareExchange.class, cluster.kubeconfig(), 1, 0, CERTIFICATES);
			for (int run = 0; run < RUNS; run++) {
				JavaProcess.run(figures, BareExchange.class, cluster.kubeconfig(), 0, 1, CERTIFICATES);
				cluster.requests();
				double cpu = cluster.cpuMillis();
				JavaProcess.run(figures, ManyRun.class, cluster.kubeconfig(), directory.resolve("run-" + run),
						CERTIFICATES);
				figures.add("requests", cluster.requests() / CERTIFICATES);
				figures.add("control-plane.cpu.ms", (cluster.cpuMillis() - cpu) / CERTIFICATES);
			}
			report(figures, cluster.name());
		}
	}

	private static void report(Figures figures, String cluster) throws IOException {
		Measured all = figures.get("all.ms");
		Measured bare = figures.get("bare.ms");
		Report report = new Report("many");
		report.columns("%,d first certificates at once, %s".formatted(CERTIFICATES, cluster),
				"median (smallest to largest)");
		report.row("all of them, ms", all);
		report.row("own CPU for each, ms", figures.get("cpu.ms"));
		report.row("requests for each", figures.get("requests"));
		report.row("threads at most", figures.get("threads"));
		report.row("the control plane alone, ms", bare);
		report.row("its part, %", Measured.round(100 * bare.median() / all.median()));
		report.row("the control plane's CPU for each, ms", figures.get("control-plane.cpu.ms"));
		report.publish();
	}

}
