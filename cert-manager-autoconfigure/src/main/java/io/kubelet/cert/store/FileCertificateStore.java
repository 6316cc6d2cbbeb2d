package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.util.Objects;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.TextFile.UnusableFileException;
import io.kubelet.cert.store.CertificateStore.Stored;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in the layout of the kubelet's {@code --cert-dir}: a kubelet can read what this
 * store writes, and the other way round. Several processes may use one directory.
 * <p>
 * Files are forced to disk, and nothing that was just written is read back: the pair was
 * checked in memory before.
 */
public final class FileCertificateStore implements CertificateStore {

	private static final Logger logger = LoggerFactory.getLogger(FileCertificateStore.class);

	private static final String REMEDY = ". Make the directory writable and check that its disk has room";

	private final String name;

	private final PairFiles files;

	private final @Nullable PairLocation initial;

	private final int retain;

	private final Clock clock;

	private final PairReader reader = new PairReader();

	private final KeyFiles keyFiles;

	private final DatedPairs datedPairs;

	private final PendingRequestFile request;

	/** {@code null} before it is read for the first time. */
	private @Nullable Stored stored;

	/**
	 * Creates a store, and finishes a switch that another process began. The directory
	 * need not exist.
	 * @param directory the directory
	 * @param pairName the prefix of the file names
	 * @param initial a pair to use until there is one in the directory
	 * @param retain how many old pairs to keep, at least 1
	 * @param clock the clock for the dates in file names, in its time zone
	 * @throws StoreException if the directory cannot be used
	 */
	public FileCertificateStore(Path directory, String pairName, @Nullable PairLocation initial, int retain,
			Clock clock) {
		this.name = pairName;
		this.files = new PairFiles(directory, pairName);
		this.keyFiles = new KeyFiles(directory);
		this.datedPairs = new DatedPairs(pairName, this.files, this.keyFiles, clock);
		this.request = new PendingRequestFile(this.files, this.keyFiles);
		this.initial = initial;
		this.retain = retain;
		this.clock = clock;
		recoverSwitch();
		this.keyFiles.reportOpenDirectory();
	}

	/**
	 * A request that an earlier process has left is found by the first read only: each
	 * process waits for its own.
	 */
	@Override
	public Stored read() {
		Stored last = this.stored;
		CertificatePair pair = readPair();
		Stored read = new Stored(pair, (last == null || last.pending() != null) ? readPending() : null, null, null);
		this.stored = read;
		return read;
	}

	@Override
	public Stored write(Stored next) {
		Stored stored = Objects.requireNonNullElse(this.stored, Stored.NOTHING);
		CertificatePair pair = next.pair();
		if (pair != null && !pair.equals(stored.pair())) {
			write(pair);
			stored = stored.withPair(pair, null);
			this.stored = stored;
		}
		if (!Objects.equals(next.pending(), stored.pending())) {
			write(next.pending(), stored.pending());
			stored = stored.withPending(next.pending());
			this.stored = stored;
		}
		return stored;
	}

	private @Nullable CertificatePair readPair() {
		try {
			Optional<CertificatePair> pair = readCurrent();
			if (pair.isEmpty() && this.initial != null) {
				pair = read(this.initial, null);
			}
			return (pair.isPresent() ? pair : readSeparate()).orElse(null);
		}
		catch (IOException | UncheckedIOException ex) {
			throw new StoreException("Cannot read the pair in " + this.files.directory() + ": " + ex, ex);
		}
	}

	private void write(CertificatePair pair) {
		boolean first = !Files.exists(this.files.current(), LinkOption.NOFOLLOW_LINKS);
		Path file = null;
		try {
			DurableFiles.createDirectory(this.files.directory());
			DatedPairs.Created created = this.datedPairs.create(DurableFiles.bytes(Pem.write(pair)));
			file = created.file();
			this.datedPairs.makeCurrent(file);
			this.reader.wrote(pair, created.version());
		}
		catch (IOException | UncheckedIOException ex) {
			if (file != null) {
				this.files.removeUnlessCurrent(file);
			}
			throw new StoreException("Cannot store the new pair in " + this.files.directory() + ": " + ex + REMEDY, ex);
		}
		// The first pair replaces nothing, and there may be thousands of files to list
		if (!first) {
			this.files.removeOld(this.retain, this.clock.instant());
		}
	}

	private @Nullable PendingRequest readPending() {
		try {
			return this.request.read();
		}
		catch (IOException ex) {
			throw new StoreException("Cannot read the pending request " + this.files.pendingRequest() + ": " + ex, ex);
		}
	}

	private void write(@Nullable PendingRequest next, @Nullable PendingRequest last) {
		try {
			if (next != null) {
				DurableFiles.createDirectory(this.files.directory());
				this.request.write(next);
			}
			else if (last != null) {
				this.request.delete(last);
			}
		}
		catch (IOException ex) {
			throw new StoreException((next != null)
					? "Cannot store the pending request " + this.files.pendingRequest() + ": " + ex + REMEDY
					: "Cannot delete the pending request " + this.files.pendingRequest() + ": " + ex, ex);
		}
	}

	private Optional<CertificatePair> readCurrent() throws IOException {
		PairLocation current = PairLocation.of(this.files.current());
		try {
			return read(current, this.keyFiles);
		}
		catch (StoreException | UnusableFileException ex) {
			if (this.reader.last() != null) {
				throw ex;
			}
			Optional<Path> good = replaceDamaged(ex);
			return good.isPresent() ? read(PairLocation.of(good.get()), this.keyFiles) : Optional.empty();
		}
	}

	private Optional<CertificatePair> readSeparate() throws IOException {
		try {
			return read(this.files.separate(), this.keyFiles);
		}
		catch (UnusableFileException ex) {
			if (this.reader.last() != null) {
				throw ex;
			}
			logger.warn("[{}] {}. It is kept as {}", this.name, ex, this.files.setAside(Path.of(ex.getFile())));
			return Optional.empty();
		}
	}

	private Optional<CertificatePair> read(PairLocation location, @Nullable KeyFiles keyFiles) throws IOException {
		try {
			return Optional.of(this.reader.read(location, keyFiles));
		}
		catch (NoSuchFileException ex) {
			return Optional.empty();
		}
	}

	/**
	 * Replaces a damaged current pair by the newest good one.
	 * @return the good one, empty if there is none
	 */
	private Optional<Path> replaceDamaged(Exception cause) throws IOException {
		Path current = this.files.current();
		try {
			Path damaged = current.toRealPath();
			Optional<Path> good = this.files.dated(this.files.list())
				.stream()
				.filter((file) -> isGood(file, damaged))
				.findFirst();
			// A link may lead to a file of somebody else
			Path aside = this.files.setAside(this.files.isDated(damaged) ? damaged : current);
			logger.error("[{}] {}. It is kept as {}, and {}", this.name, cause.getMessage(), aside,
					good.map((file) -> "the older pair " + file + " is used")
						.orElse("there is no older pair that can be used"));
			if (good.isPresent()) {
				makeCurrent(good.get());
			}
			return good;
		}
		catch (NoSuchFileException ex) {
			// Another process has replaced it
			return Optional.of(current);
		}
	}

	private void makeCurrent(Path good) {
		try {
			this.datedPairs.makeCurrent(good);
		}
		catch (IOException ex) {
			logger.error("[{}] Cannot make {} current: {}", this.name, good, ex.toString());
		}
	}

	private boolean isGood(Path file, Path damaged) {
		try {
			if (file.toRealPath().equals(damaged)) {
				return false;
			}
			new PairReader().read(PairLocation.of(file), this.keyFiles);
			return true;
		}
		catch (StoreException | IOException ex) {
			logger.warn("[{}] The older pair {} cannot be used: {}", this.name, file, ex.getMessage());
			return false;
		}
	}

	private void recoverSwitch() {
		Path current = this.files.current();
		Path updated = this.files.updated();
		try {
			if (Files.isRegularFile(updated, LinkOption.NOFOLLOW_LINKS)) {
				throw new StoreException(updated + " is a file, but only a link can be there: move it away", null);
			}
			if (Files.isSymbolicLink(updated) && Files.exists(updated) && !Files.exists(current)) {
				Files.move(updated, current, StandardCopyOption.ATOMIC_MOVE);
				logger.info("[{}] Finished the interrupted switch of {}", this.name, current);
			}
		}
		catch (IOException ex) {
			throw new StoreException("Cannot finish the interrupted switch of " + current + ": " + ex, ex);
		}
	}

}
