package io.kubelet.cert.testsupport;

import java.util.List;
import java.util.regex.Pattern;

import org.springframework.boot.test.system.CapturedOutput;

/**
 * The lines of the captured output that a test has caused. What an earlier test of the
 * same process has left running, such as a client of a library, may write to it as well.
 */
public final class OwnLog {

	/** The thread of the test, or a logger of the project, abbreviated or not. */
	private static final Pattern OWN = Pattern.compile("\\bmain\\] | (i\\.k|io\\.kubelet)\\.c[.e]");

	private OwnLog() {
	}

	/**
	 * Returns the lines of a level that the thread of the test or the project has logged.
	 */
	public static List<String> lines(CapturedOutput output, String level) {
		return output.toString().lines().filter((line) -> line.contains(level) && OWN.matcher(line).find()).toList();
	}

}
