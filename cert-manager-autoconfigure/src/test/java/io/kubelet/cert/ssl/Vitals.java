package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What this process holds, on Linux. Memory is in kilobytes.
 */
final class Vitals {

	private static final Path PROCESS = Path.of("/proc/self");

	private Vitals() {
	}

	/** After a collection of all garbage, and of what its end has released. */
	static double heap() {
		System.gc();
		System.gc();
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1024.0;
	}

	static double metaspace() {
		return used("Metaspace"::equals);
	}

	/** What the JVM has compiled, which has a limit, and takes hours to reach it. */
	static double code() {
		return used((pool) -> pool.startsWith("Code"));
	}

	private static double used(Predicate<String> pools) {
		return ManagementFactory.getMemoryPoolMXBeans()
			.stream()
			.filter((pool) -> pools.test(pool.getName()))
			.mapToLong((pool) -> pool.getUsage().getUsed())
			.sum() / 1024.0;
	}

	static double directBuffers() {
		return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)
			.stream()
			.mapToLong(BufferPoolMXBean::getMemoryUsed)
			.sum() / 1024.0;
	}

	/** All that the process has of the machine's memory, but for compiled code. */
	static double resident() {
		try {
			return Files.readAllLines(PROCESS.resolve("status"))
				.stream()
				.filter((line) -> line.startsWith("VmRSS:"))
				.mapToDouble((line) -> Double.parseDouble(line.replaceAll("\\D", "")))
				.sum() - code();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	static double threads() {
		return ManagementFactory.getThreadMXBean().getThreadCount();
	}

	/** How many descriptors of a kind are open, such as {@code socket:}. */
	static double descriptors(String kind) {
		return descriptors().stream().filter((target) -> target.startsWith(kind)).count();
	}

	private static List<String> descriptors() {
		try (Stream<Path> descriptors = Files.list(PROCESS.resolve("fd"))) {
			return descriptors.map(Vitals::target).toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String target(Path descriptor) {
		try {
			return Files.readSymbolicLink(descriptor).toString();
		}
		catch (NoSuchFileException ex) {
			return "closed meanwhile";
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
