package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.TextFile.UnusableFileException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The pairs in the directory of a store: files with a date in their names, of which a
 * link names the current one, and a pair in two files.
 */
final class StoredPairs {

	private static final Logger logger = LoggerFactory.getLogger(StoredPairs.class);

	private final PairFiles files;

	private final KeyFiles keyFiles;

	private final @Nullable PairLocation initial;

	private final int retain;

	private final Clock clock;

	private final PairReader reader = new PairReader();

	/**
	 * Creates access to the pairs.
	 * @param initial a pair to use until there is a current one
	 * @param retain how many old pairs to keep
	 */
	StoredPairs(PairFiles files, KeyFiles keyFiles, @Nullable PairLocation initial, int retain, Clock clock) {
		this.files = files;
		this.keyFiles = keyFiles;
		this.initial = initial;
		this.retain = retain;
		this.clock = clock;
	}

	/** Reads the pair to use, {@code null} if there has never been one. */
	@Nullable CertificatePair read() {
		try {
			CertificatePair pair = readCurrent();
			if (pair == null && this.initial != null) {
				pair = read(this.initial, null);
			}
			pair = (pair != null) ? pair : readSeparate();
			if (pair == null && this.reader.last() != null) {
				throw new StoreException("There is no pair in " + this.files.directory() + " any more", null);
			}
			return pair;
		}
		catch (IOException ex) {
			throw new StoreException(
					"Cannot read the pair in " + this.files.directory() + ": " + StoreException.reason(ex), ex);
		}
	}

	private @Nullable CertificatePair readCurrent() throws IOException {
		try {
			return read(this.files.current());
		}
		catch (StoreException | UnusableFileException ex) {
			if (this.reader.last() != null) {
				// The last pair stays in use, and whoever wrote this one may repair it
				throw ex;
			}
			return replaceDamaged();
		}
	}

	private @Nullable CertificatePair readSeparate() throws IOException {
		try {
			return read(this.files.separate(), this.keyFiles);
		}
		catch (UnusableFileException ex) {
			if (this.reader.last() != null) {
				throw ex;
			}
			this.files.setAside(Path.of(ex.getFile()), Level.WARN, ex.getMessage());
			return null;
		}
	}

	private @Nullable CertificatePair read(Path file) throws IOException {
		return read(PairLocation.of(file), this.keyFiles);
	}

	private @Nullable CertificatePair read(PairLocation location, @Nullable KeyFiles keyFiles) throws IOException {
		try {
			return this.reader.read(location, keyFiles);
		}
		catch (NoSuchFileException ex) {
			return null;
		}
	}

	/**
	 * Replaces a damaged current pair by the newest good one, unless another process that
	 * starts at the same time has done so.
	 * @return the good one, {@code null} if there is none
	 */
	private @Nullable CertificatePair replaceDamaged() throws IOException {
		try {
			CertificatePair repaired = read(this.files.current());
			if (repaired != null) {
				return repaired;
			}
		}
		catch (StoreException | UnusableFileException ex) {
			this.files.setAside(this.files.current(), Level.ERROR, ex.getMessage());
		}
		for (Path older : this.files.dated()) {
			CertificatePair pair = readOlder(older);
			if (pair != null) {
				DurableFiles.link(this.files.current(), older);
				logger.warn("[{}] The older pair {} is used", this.files.pairName(), older);
				return pair;
			}
		}
		return null;
	}

	private @Nullable CertificatePair readOlder(Path older) {
		try {
			return read(older);
		}
		catch (StoreException | IOException ex) {
			logger.warn("[{}] The older pair {} cannot be used: {}", this.files.pairName(), older, ex.getMessage());
			return null;
		}
	}

	/** Writes a new pair, makes it the current one, and removes old pairs. */
	void write(CertificatePair pair) {
		boolean first = !Files.exists(this.files.current(), LinkOption.NOFOLLOW_LINKS);
		try {
			writeCurrent(pair);
		}
		catch (IOException ex) {
			throw StoreException.notWritten("Cannot store the new pair in " + this.files.directory(), ex);
		}
		// The first pair replaces nothing, and there may be thousands of files to list
		if (!first) {
			this.files.removeOld(this.retain);
		}
	}

	private void writeCurrent(CertificatePair pair) throws IOException {
		Path created = create(Pem.write(pair));
		try {
			this.reader.wrote(pair, DurableFiles.link(this.files.current(), created));
		}
		catch (IOException ex) {
			this.files.remove(created);
			throw ex;
		}
	}

	private Path create(String text) throws IOException {
		for (int attempt = 0;; attempt++) {
			Path file = this.files.dated(this.clock, attempt);
			try {
				DurableFiles.create(file, text);
				return file;
			}
			catch (FileAlreadyExistsException ex) {
				// There was an update in the same second: try the next name
			}
		}
	}

	/** Finishes a switch that another process began. */
	void recoverSwitch() {
		Path current = this.files.current();
		Path updated = this.files.updated();
		if (Files.isRegularFile(updated, LinkOption.NOFOLLOW_LINKS)) {
			throw new StoreException(updated + " is a file, but only a link can be there: move it away", null);
		}
		if (Files.isSymbolicLink(updated) && Files.exists(updated) && !Files.exists(current)) {
			try {
				Files.move(updated, current, StandardCopyOption.ATOMIC_MOVE);
			}
			catch (IOException ex) {
				throw StoreException.notWritten("Cannot finish the interrupted switch of " + current, ex);
			}
			logger.info("[{}] Finished the interrupted switch of {}", this.files.pairName(), current);
		}
	}

}
