package io.kubelet.cert.testsupport;

import java.time.Duration;

import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Makes tests that wait for a condition look at it more often than Awaitility does by
 * default, which is ten times a second: nearly each of them waits several times.
 */
public final class ShortPolls implements LauncherSessionListener {

	@Override
	public void launcherSessionOpened(LauncherSession session) {
		Awaitility.setDefaultPollInterval(Duration.ofMillis(10));
	}

}
