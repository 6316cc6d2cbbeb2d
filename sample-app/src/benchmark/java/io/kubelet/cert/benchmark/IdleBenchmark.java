package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What idle certificates hold: heap and threads.
 */
final class IdleBenchmark {

	private static final List<Integer> CERTIFICATES = List.of(1, 100, 1000, 10_000);

	private static final int RUNS = Benchmarks.runs(3);

	private IdleBenchmark() {
	}

	static void run() throws IOException, InterruptedException {
		Path directory = Certificates.directory();
		Certificates.store(directory, CERTIFICATES.get(CERTIFICATES.size() - 1));
		Report report = new Report("idle");
		report.columns("idle certificates", "heap after a collection, KB", "bytes per further certificate", "threads");
		double alone = Double.NaN;
		for (int certificates : CERTIFICATES) {
			Figures figures = new Figures();
			for (int run = 0; run < RUNS; run++) {
				JavaProcess.run(figures, IdleRun.class, directory, certificates, false, 0);
			}
			double heap = figures.get("heap.bytes").median();
			alone = (certificates == 1) ? heap : alone;
			report.row("%,d".formatted(certificates), Measured.round(heap / 1024),
					(certificates == 1) ? "-" : Measured.round((heap - alone) / (certificates - 1)),
					figures.get("threads"));
		}
		report.publish();
	}

}
