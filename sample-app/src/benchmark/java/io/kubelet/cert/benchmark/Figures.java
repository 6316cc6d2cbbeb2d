package io.kubelet.cert.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Figures by name, which a measured process prints one a line and the process that
 * started it reads.
 */
final class Figures {

	private static final String MARK = "FIGURE ";

	private final Map<String, List<Double>> values = new TreeMap<>();

	/** Prints a figure, in a measured process. */
	static void print(String name, double value) {
		System.out.println(MARK + name + " " + value);
	}

	/**
	 * Reads a line.
	 * @return whether it was a figure
	 */
	boolean read(String line) {
		if (!line.startsWith(MARK)) {
			return false;
		}
		String[] words = line.substring(MARK.length()).split(" ");
		add(words[0], Double.parseDouble(words[1]));
		return true;
	}

	void add(String name, double value) {
		this.values.computeIfAbsent(name, (key) -> new ArrayList<>()).add(value);
	}

	Measured get(String name) {
		return Measured.of(this.values.getOrDefault(name, List.of()));
	}

}
