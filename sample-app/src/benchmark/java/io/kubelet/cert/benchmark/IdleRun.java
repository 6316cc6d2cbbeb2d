package io.kubelet.cert.benchmark;

import java.nio.file.Path;

/**
 * Certificates that are stored and of which none is due, in a process of its own.
 */
final class IdleRun {

	private static final long SETTLING_MILLIS = 15_000;

	private IdleRun() {
	}

	/**
	 * Arguments: the directory, the number of certificates, whether their templates come
	 * from suppliers, and for how many seconds to watch them.
	 */
	public static void main(String[] args) throws Exception {
		int certificates = Integer.parseInt(args[1]);
		long seconds = Long.parseLong(args[3]);
		double threadsBefore = Own.threads();
		Path directory = Path.of(args[0]);
		try (Engine engine = new Engine(directory.resolve("no-kubeconfig"), directory, certificates,
				Boolean.parseBoolean(args[2]))) {
			Certificates.awaitFirst(engine.managers());
			Thread.sleep(SETTLING_MILLIS);
			Figures.print("heap.bytes", Own.liveHeapBytes());
			Figures.print("threads", Own.threads() - threadsBefore);
			if (seconds > 0) {
				double cpu = Own.cpuMillis();
				Thread.sleep(seconds * 1000);
				Figures.print("cpu.ms", (Own.cpuMillis() - cpu) * 60 / seconds);
			}
			long rotations = 0;
			for (var manager : engine.managers()) {
				rotations += manager.status().rotations().count();
			}
			Figures.print("rotations", rotations);
		}
	}

}
