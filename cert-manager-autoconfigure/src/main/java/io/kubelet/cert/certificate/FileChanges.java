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
	 * Has files looked at: now, soon after the file system tells a change, and at the
	 * {@linkplain #INTERVAL interval}.
	 * @param files returns the files, whose paths may lead over links
	 * @param look compares them with what is known of them, which is usually the same. It
	 * is called by one thread at a time, and may block while a file system does not
	 * respond: that delays no other file
	 * @param late accepts {@code true} when the file system has not responded for the
	 * interval, and {@code false} when it responds again
	 * @return ends this
	 */
	Runnable follow(Supplier<List<Path>> files, Runnable look, Consumer<Boolean> late);

	/**
	 * Has files looked at, as {@link #follow(Supplier, Runnable, Consumer)} does.
	 * @param files returns the files
	 * @param look compares them with what is known of them
	 * @return ends this
	 */
	default Runnable follow(Supplier<List<Path>> files, Runnable look) {
		return follow(files, look, (late) -> {
		});
	}

}
