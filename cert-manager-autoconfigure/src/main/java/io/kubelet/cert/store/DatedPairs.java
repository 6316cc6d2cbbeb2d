package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;

import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.certificate.TextFile.UnusableFileException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes pairs to files with a date in their names, and switches the link to the current
 * one.
 */
final class DatedPairs {

	private static final Logger logger = LoggerFactory.getLogger(DatedPairs.class);

	private final String name;

	private final PairFiles files;

	private final KeyFiles keyFiles;

	private final Clock clock;

	DatedPairs(String name, PairFiles files, KeyFiles keyFiles, Clock clock) {
		this.name = name;
		this.files = files;
		this.keyFiles = keyFiles;
		this.clock = clock;
	}

	/** Creates the file of a new pair. */
	Created create(byte[] content) throws IOException {
		for (int attempt = 0;; attempt++) {
			Path file = this.files.dated(this.clock, attempt);
			try {
				return new Created(file, DurableFiles.create(file, content));
			}
			catch (FileAlreadyExistsException ex) {
				// There was an update in the same second: try the next name
			}
		}
	}

	/** Makes a file the current one. */
	void makeCurrent(Path file) throws IOException {
		Path current = this.files.current();
		Path kept = Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS) ? keep(current) : null;
		try {
			DurableFiles.link(current, file);
		}
		finally {
			if (kept != null && Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS)) {
				this.files.removeUnlessCurrent(kept);
			}
		}
	}

	/**
	 * Keeps the pair in a regular file as an older pair. The copy belongs to our user.
	 */
	private @Nullable Path keep(Path current) throws IOException {
		try {
			TextFile.Version.of(current);
			this.keyFiles.requireProtected(current);
			return create(Files.readAllBytes(current)).file();
		}
		catch (UnusableFileException ex) {
			logger.warn("[{}] {}. It is kept as {}", this.name, ex, this.files.setAside(current));
			return null;
		}
	}

	record Created(Path file, TextFile.Version version) {

	}

}
