package io.kubelet.cert.certificate;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Tells that files may have changed which another program replaces.
 */
@FunctionalInterface
public interface FileChanges {

	/** The time between two looks, since a file system may tell nothing. */
	Duration INTERVAL = Duration.ofSeconds(10);

	/**
	 * The delay for pairs. One switch of a volume may bring a pair and its authorities,
	 * which are to be trusted when the pair is used.
	 */
	Duration AFTER_AUTHORITIES = Duration.ofMillis(100);

	/**
	 * Has files looked at: now, soon after the file system tells a change, and at the
	 * {@linkplain #INTERVAL interval}.
	 * @param files returns the files, whose paths may lead over links
	 * @param look compares them with what is known of them, which is usually the same. It
	 * is called by one thread at a time, and may block while a file system does not
	 * respond: other files are looked at, after a second for each that hangs
	 * @param late accepts {@code true} when the file system has not responded for the
	 * interval, and {@code false} when it responds again
	 * @param delay how much later than others these files are looked at
	 * @return ends this
	 */
	Runnable follow(Supplier<List<Path>> files, Runnable look, Consumer<Boolean> late, Duration delay);

}
