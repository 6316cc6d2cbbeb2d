package io.kubelet.cert.benchmark;

import java.nio.file.Path;

import io.kubelet.cert.rotation.CertificateManager;

/**
 * One certificate that rotates again and again, in a process of its own.
 */
final class RotationRun {

	private RotationRun() {
	}

	/**
	 * Arguments: the kubeconfig, the directory, and the numbers of rotations to warm up
	 * and to measure.
	 */
	public static void main(String[] args) throws Exception {
		int warmUp = Integer.parseInt(args[2]);
		int measured = Integer.parseInt(args[3]);
		double cpuAtStart = Own.cpuMillis();
		long start = System.nanoTime();
		try (Engine engine = new Engine(Path.of(args[0]), Path.of(args[1]), 1, false)) {
			Certificates.awaitFirst(engine.managers());
			Figures.print("cold.ms", (System.nanoTime() - start) / 1e6);
			Figures.print("cold.cpu.ms", Own.cpuMillis() - cpuAtStart);
			CertificateManager manager = engine.first();
			for (int rotation = 0; rotation < warmUp; rotation++) {
				manager.rotate().get();
			}
			double cpu = Own.cpuMillis();
			for (int rotation = 0; rotation < measured; rotation++) {
				long begin = System.nanoTime();
				manager.rotate().get();
				Figures.print("warm.ms", (System.nanoTime() - begin) / 1e6);
			}
			if (measured > 0) {
				Figures.print("warm.cpu.ms", (Own.cpuMillis() - cpu) / measured);
			}
		}
	}

}
