package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a pair that are no longer needed after an update.
 *
 * @param files the names of the pair's files
 * @param retain how many old pairs to keep
 * @param now the current time
 */
record OldFiles(PairFiles files, int retain, Instant now) {

	private static final Logger logger = LoggerFactory.getLogger(OldFiles.class);

	/** Longer than any process takes to write a file. */
	private static final Duration UNFINISHED = Duration.ofHours(1);

	/** Removes them. A failure is only reported: the update itself has succeeded. */
	void remove() {
		try {
			List<Path> all = this.files.list();
			removeAllBut(this.retain + 1, this.files.dated(all));
			// Damaged files may hold keys, too
			removeAllBut(1, this.files.damaged(all));
			FileTime abandoned = FileTime.from(this.now.minus(UNFINISHED));
			for (Path unfinished : this.files.unfinished(all)) {
				if (Files.getLastModifiedTime(unfinished).compareTo(abandoned) < 0) {
					Files.deleteIfExists(unfinished);
				}
			}
		}
		catch (IOException | UncheckedIOException ex) {
			logger.warn("Cannot remove old files from {}: {}", this.files.directory(), ex.toString());
		}
	}

	/** Keeps the first files, and the one that is current, whatever its name is. */
	private void removeAllBut(int kept, List<Path> candidates) throws IOException {
		for (Path old : candidates.stream().skip(kept).toList()) {
			if (!Files.isSameFile(old, this.files.current())) {
				Files.deleteIfExists(old);
			}
		}
	}

}
