package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
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

	private final Clock clock;

	private final PairReader reader = new PairReader();

	StoredPairs(PairFiles files, KeyFiles keyFiles, Clock clock) {
		this.files = files;
		this.keyFiles = keyFiles;
		this.clock = clock;
	}

	/**
	 * Reads the pair to use.
	 * @param initial a pair to use until there is a current one
	 */
	@Nullable CertificatePair read(@Nullable PairLocation initial) throws IOException {
		CertificatePair pair = readCurrent();
		if (pair == null && initial != null) {
			pair = read(initial, null);
		}
		return (pair != null) ? pair : readSeparate();
	}

	private @Nullable CertificatePair readCurrent() throws IOException {
		Path current = this.files.current();
		if (this.reader.last() != null) {
			return read(PairLocation.of(current), this.keyFiles);
		}
		try {
			// Another process may replace a damaged pair at any time
			Path target = current.toRealPath();
			try {
				return read(PairLocation.of(current), this.keyFiles);
			}
			catch (StoreException | UnusableFileException ex) {
				return replaceDamaged(target, ex);
			}
		}
		catch (NoSuchFileException ex) {
			return read(PairLocation.of(current), this.keyFiles);
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
			.filter((file) -> isGood(file, damaged))
			.findFirst();
		if (!current.toRealPath().equals(damaged)) {
			return read(PairLocation.of(current), this.keyFiles);
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
		// The reader remembers the good one
		return this.reader.last();
	}

	private boolean isGood(Path file, Path damaged) {
		try {
			return !file.toRealPath().equals(damaged) && read(PairLocation.of(file), this.keyFiles) != null;
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

	/**
	 * Writes a new pair and makes it the current one.
	 * @param retain how many old pairs to keep
	 */
	void write(CertificatePair pair, int retain) throws IOException {
		boolean first = !Files.exists(this.files.current(), LinkOption.NOFOLLOW_LINKS);
		Path created = create(DurableFiles.bytes(Pem.write(pair)));
		try {
			TextFile.Version version = TextFile.Version.of(created);
			makeCurrent(created);
			this.reader.wrote(pair, version);
		}
		catch (IOException | UncheckedIOException ex) {
			this.files.remove(created);
			throw ex;
		}
		// The first pair replaces nothing, and there may be thousands of files to list
		if (!first) {
			this.files.removeOld(retain, this.clock.instant());
		}
	}

	private Path create(byte[] content) throws IOException {
		for (int attempt = 0;; attempt++) {
			Path file = this.files.dated(this.clock, attempt);
			try {
				DurableFiles.create(file, content);
				return file;
			}
			catch (FileAlreadyExistsException ex) {
				// There was an update in the same second: try the next name
			}
		}
	}

	private void makeCurrent(Path file) throws IOException {
		Path current = this.files.current();
		Path kept = Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS) ? keep(current) : null;
		try {
			DurableFiles.link(current, file);
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
			TextFile.Version.of(current);
			this.keyFiles.requireProtected(current);
			return create(Files.readAllBytes(current));
		}
		catch (UnusableFileException ex) {
			this.files.setAside(current, ex);
			return null;
		}
	}

	/**
	 * Finishes a switch that another process began.
	 */
	void recoverSwitch() throws IOException {
		Path current = this.files.current();
		Path updated = this.files.updated();
		if (Files.isRegularFile(updated, LinkOption.NOFOLLOW_LINKS)) {
			throw new StoreException(updated + " is a file, but only a link can be there: move it away", null);
		}
		if (Files.isSymbolicLink(updated) && Files.exists(updated) && !Files.exists(current)) {
			Files.move(updated, current, StandardCopyOption.ATOMIC_MOVE);
			logger.info("[{}] Finished the interrupted switch of {}", this.files.pairName(), current);
		}
	}

}
