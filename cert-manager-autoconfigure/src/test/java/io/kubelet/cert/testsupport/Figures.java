package io.kubelet.cert.testsupport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a test has counted into its report.
 */
public final class Figures {

	private static final Logger logger = LoggerFactory.getLogger(Figures.class);

	private Figures() {
	}

	/** Write a line. */
	public static void report(String what, Object figures) {
		logger.info("FIGURES {}: {}", what, figures);
	}

}
