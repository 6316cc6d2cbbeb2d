package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.certificate.TextFile.UnusableFileException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
		Path current = this.files.current();
		if (this.reader.last() != null) {
			return read(current);
		}
		try {
			// Another process may replace a damaged pair at any time
			Path target = current.toRealPath();
			try {
				return read(current);
			}
			catch (StoreException | UnusableFileException ex) {
				return replaceDamaged(target, ex);
			}
		}
		catch (NoSuchFileException ex) {
			return read(current);
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
			this.files.setAside(Path.of(ex.getFile()), ex);
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
	 * Replaces a damaged current pair by the newest good one.
	 * @return the good one, {@code null} if there is none
	 * @throws NoSuchFileException if another process has replaced it
	 */
	private @Nullable CertificatePair replaceDamaged(Path damaged, Exception cause) throws IOException {
		Path current = this.files.current();
		Optional<Path> good = this.files.dated(this.files.list())
			.stream()
			.filter((file) -> canReplace(damaged, file))
			.findFirst();
		if (!current.toRealPath().equals(damaged)) {
			return read(current);
		}
		Path aside;
		if (this.files.isDated(damaged)) {
			// Other processes always find a current pair
			good.ifPresent(this::makeGoodCurrent);
			aside = this.files.setAside(damaged);
		}
		else {
			// A link may lead to a file of somebody else
			aside = this.files.setAside(current);
			good.ifPresent(this::makeGoodCurrent);
		}
		logger.error("[{}] {}. It is kept as {}, and {}", this.files.pairName(), cause.getMessage(), aside,
				good.map((file) -> "the older pair " + file + " is used")
					.orElse("there is no older pair that can be used"));
		return good.isPresent() ? read(good.get()) : null;
	}

	private boolean canReplace(Path damaged, Path file) {
		try {
			return !file.toRealPath().equals(damaged) && read(file) != null;
		}
		catch (StoreException | IOException ex) {
			logger.warn("[{}] The older pair {} cannot be used: {}", this.files.pairName(), file, ex.getMessage());
			return false;
		}
	}

	private void makeGoodCurrent(Path good) {
		try {
			makeCurrent(good);
		}
		catch (IOException ex) {
			logger.error("[{}] Cannot make {} current: {}", this.files.pairName(), good, ex.toString());
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
			this.files.removeOld(this.retain, this.clock.instant());
		}
	}

	private void writeCurrent(CertificatePair pair) throws IOException {
		Path created = create(Pem.write(pair));
		try {
			this.reader.wrote(pair, makeCurrent(created));
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

	private TextFile.Version makeCurrent(Path file) throws IOException {
		Path current = this.files.current();
		Path kept = Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS) ? keep(current) : null;
		try {
			return DurableFiles.link(current, file);
		}
		catch (IOException ex) {
			if (kept != null && Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS)) {
				this.files.remove(kept);
			}
			throw ex;
		}
	}

	/**
	 * Keeps the pair in a regular file as an older pair. The copy belongs to our user.
	 */
	private @Nullable Path keep(Path current) throws IOException {
		try {
			this.keyFiles.requireProtected(current);
			return create(TextFile.read(current));
		}
		catch (UnusableFileException ex) {
			this.files.setAside(current, ex);
			return null;
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
