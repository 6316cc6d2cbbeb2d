package io.kubelet.cert.benchmark;

import java.nio.file.Path;

/**
 * The first certificates of many managers at once, in a process of its own.
 */
final class ManyRun {

	private ManyRun() {
	}

	/** Arguments: the kubeconfig, the directory, and the number of certificates. */
	public static void main(String[] args) throws Exception {
		int certificates = Integer.parseInt(args[2]);
		double cpuAtStart = Own.cpuMillis();
		long start = System.nanoTime();
		try (Engine engine = new Engine(Path.of(args[0]), Path.of(args[1]), certificates, false)) {
			Certificates.awaitFirst(engine.managers());
			Figures.print("all.ms", (System.nanoTime() - start) / 1e6);
			Figures.print("cpu.ms", (Own.cpuMillis() - cpuAtStart) / certificates);
			Figures.print("threads", Own.peakThreads());
		}
	}

}
