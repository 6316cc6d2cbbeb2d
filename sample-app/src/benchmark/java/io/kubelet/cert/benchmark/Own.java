package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

import com.sun.management.OperatingSystemMXBean;

/**
 * What this process uses.
 */
final class Own {

	private static final Path STATUS = Path.of("/proc/self/status");

	private Own() {
	}

	/**
	 * The CPU time of all threads so far, the compiler's and the collector's included.
	 */
	static double cpuMillis() {
		return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e6;
	}

	/** What is left on the heap after a collection. */
	static double liveHeapBytes() throws InterruptedException {
		for (int collection = 0; collection < 4; collection++) {
			System.gc();
			Thread.sleep(100);
		}
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

	static double threads() {
		return ManagementFactory.getThreadMXBean().getThreadCount();
	}

	static double peakThreads() {
		return ManagementFactory.getThreadMXBean().getPeakThreadCount();
	}

	static double loadedClasses() {
		return ManagementFactory.getClassLoadingMXBean().getTotalLoadedClassCount();
	}

	/** The resident set, which only Linux tells. */
	static double residentMegabytes() throws IOException {
		if (!Files.exists(STATUS)) {
			return Double.NaN;
		}
		return Files.readAllLines(STATUS)
			.stream()
			.filter((line) -> line.startsWith("VmRSS:"))
			.mapToDouble((line) -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
			.findFirst()
			.orElse(Double.NaN);
	}

}
