package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;

/**
 * A table of figures, printed and written to {@code target/benchmarks} as Markdown.
 */
final class Report {

	private static final Path DIRECTORY = Path.of("target", "benchmarks");

	private final String name;

	private final StringBuilder text = new StringBuilder();

	/**
	 * Creates a report that begins with the machine and the JDK.
	 * @param name the name of the benchmark
	 */
	Report(String name) {
		this.name = name;
		this.text.append("%s, %s: JDK %s, %s %s, %d processors, load average %.1f%n".formatted(name, LocalDate.now(),
				System.getProperty("java.version"), System.getProperty("os.name"), System.getProperty("os.arch"),
				Runtime.getRuntime().availableProcessors(),
				ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
	}

	/** Begins a table. */
	void columns(String... titles) {
		this.text.append(System.lineSeparator());
		row((Object[]) titles);
		row(List.of(titles).stream().map((title) -> "---").toArray());
	}

	/** Adds a row to the table. */
	void row(Object... cells) {
		this.text.append("|");
		for (Object cell : cells) {
			this.text.append(' ').append(cell).append(" |");
		}
		this.text.append(System.lineSeparator());
	}

	/** Prints the report and writes it to its file. */
	void publish() throws IOException {
		Files.createDirectories(DIRECTORY);
		Path file = DIRECTORY.resolve(this.name + ".md");
		Files.writeString(file, this.text);
		System.out.printf("%n%s%nWritten to %s%n", this.text, file.toAbsolutePath());
	}

}
