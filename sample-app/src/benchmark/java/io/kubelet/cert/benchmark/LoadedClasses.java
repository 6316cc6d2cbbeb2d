package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The number of classes that a process loaded from each package.
 *
 * @param packages the numbers by the first three parts of the name
 */
record LoadedClasses(Map<String, Integer> packages) {

	private static final Pattern LOADED = Pattern.compile(".*?\\] ([\\w.$]+).* source: .*");

	private static final int MOST = 12;

	/** The option of the JVM that writes the log. */
	static String option(Path log) {
		return "-Xlog:class+load:file=" + log;
	}

	static LoadedClasses read(Path log) throws IOException {
		Map<String, Integer> packages = new TreeMap<>();
		for (String line : Files.readAllLines(log)) {
			Matcher matcher = LOADED.matcher(line);
			if (matcher.matches()) {
				packages.merge(prefix(matcher.group(1)), 1, Integer::sum);
			}
		}
		return new LoadedClasses(packages);
	}

	private static String prefix(String name) {
		String[] parts = name.split("\\.");
		return String.join(".", List.of(parts).subList(0, Math.min(3, parts.length - 1)));
	}

	/** Adds the packages with the most further classes to a report. */
	void report(Report report, LoadedClasses before) {
		this.packages.entrySet()
			.stream()
			.sorted(Comparator.comparingInt((entry) -> -further(entry, before)))
			.limit(MOST)
			.forEach((entry) -> report.row(entry.getKey(), entry.getValue(),
					before.packages.getOrDefault(entry.getKey(), 0), further(entry, before)));
	}

	private static int further(Map.Entry<String, Integer> entry, LoadedClasses before) {
		return entry.getValue() - before.packages.getOrDefault(entry.getKey(), 0);
	}

}
