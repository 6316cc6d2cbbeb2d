package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.Pem;
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

	private final PairFiles files;

	private final @Nullable PairLocation initial;

	private final int retain;

	private final Clock clock;

	private final PairReader reader = new PairReader();

	private final OpenRequestFile request;

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
		this.files = new PairFiles(directory, pairName);
		this.request = new OpenRequestFile(this.files);
		this.initial = initial;
		this.retain = retain;
		this.clock = clock;
		recoverSwitch();
	}

	@Override
	public Optional<CertificatePair> current() {
		try {
			Optional<CertificatePair> pair = readCurrent();
			if (pair.isEmpty() && this.initial != null) {
				pair = read(this.initial);
			}
			return pair.isPresent() ? pair : read(this.files.separate());
		}
		catch (IOException | UncheckedIOException ex) {
			throw new StoreException("Cannot read the pair in " + this.files.directory() + ": " + ex, ex);
		}
	}

	@Override
	public void update(CertificatePair pair) {
		boolean first = !Files.exists(this.files.current(), LinkOption.NOFOLLOW_LINKS);
		Path file = null;
		try {
			createDirectory();
			DatedFile created = createDated(Pem.write(pair).getBytes(StandardCharsets.US_ASCII));
			file = created.file();
			switchTo(file);
			this.reader.wrote(pair, created.version());
		}
		catch (IOException | UncheckedIOException ex) {
			deleteUnlessCurrent(file);
			throw new StoreException("Cannot store the new pair in " + this.files.directory() + ": " + ex
					+ ". Make the directory writable and check that its disk has room", ex);
		}
		// The first pair replaces nothing, and there may be thousands of files to list
		if (!first) {
			this.files.removeOld(this.retain, this.clock.instant());
		}
	}

	@Override
	public Optional<CertificateRequest> openRequest() {
		try {
			return this.request.read();
		}
		catch (IOException ex) {
			throw new StoreException("Cannot read the pending request " + this.files.openRequest() + ": " + ex, ex);
		}
	}

	@Override
	public void saveOpenRequest(CertificateRequest request) {
		try {
			createDirectory();
			this.request.write(request);
		}
		catch (IOException ex) {
			throw new StoreException("Cannot store the pending request " + this.files.openRequest() + ": " + ex
					+ ". Make the directory writable and check that its disk has room", ex);
		}
	}

	@Override
	public void deleteOpenRequest(CertificateRequest request) {
		try {
			this.request.delete(request);
		}
		catch (IOException ex) {
			throw new StoreException("Cannot delete the pending request " + this.files.openRequest() + ": " + ex, ex);
		}
	}

	private Optional<CertificatePair> readCurrent() throws IOException {
		try {
			return read(PairLocation.of(this.files.current()));
		}
		catch (StoreException ex) {
			if (this.reader.hasPair()) {
				throw ex;
			}
			return replaceDamaged(ex);
		}
	}

	private Optional<CertificatePair> read(PairLocation location) throws IOException {
		try {
			return Optional.of(this.reader.read(location));
		}
		catch (NoSuchFileException ex) {
			return Optional.empty();
		}
	}

	/** Replaces a damaged current pair by the newest good one. */
	private Optional<CertificatePair> replaceDamaged(StoreException cause) throws IOException {
		Path damaged = this.files.current().toRealPath();
		Path aside = PairFiles.aside(damaged);
		Optional<Path> good = this.files.dated(this.files.list())
			.stream()
			.filter((file) -> isGood(file, damaged))
			.findFirst();
		logger.error("{}. It is kept as {}, and {}", cause.getMessage(), aside,
				good.map((file) -> "the older pair " + file + " is used")
					.orElse("there is no older pair that can be used"));
		try {
			Files.move(damaged, aside, StandardCopyOption.REPLACE_EXISTING);
			if (good.isPresent()) {
				switchTo(good.get());
			}
		}
		catch (IOException ex) {
			logger.error("Cannot set {} aside: {}", damaged, ex.toString());
		}
		return good.isPresent() ? Optional.of(this.reader.read(PairLocation.of(good.get()))) : Optional.empty();
	}

	private static boolean isGood(Path file, Path damaged) {
		try {
			if (file.toRealPath().equals(damaged)) {
				return false;
			}
			new PairReader().read(PairLocation.of(file));
			return true;
		}
		catch (StoreException | IOException ex) {
			logger.warn("The older pair {} cannot be used: {}", file, ex.getMessage());
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
				logger.info("Finished the interrupted switch of {}", current);
			}
		}
		catch (IOException ex) {
			throw new StoreException("Cannot finish the interrupted switch of " + current + ": " + ex, ex);
		}
	}

	private void createDirectory() throws IOException {
		if (!Files.isDirectory(this.files.directory())) {
			Files.createDirectories(this.files.directory());
		}
	}

	private DatedFile createDated(byte[] content) throws IOException {
		for (int attempt = 0;; attempt++) {
			Path file = this.files.dated(this.clock, attempt);
			try {
				return new DatedFile(file, DurableFiles.create(file, content));
			}
			catch (FileAlreadyExistsException ex) {
				// There was an update in the same second: try the next name
			}
		}
	}

	private void switchTo(Path file) throws IOException {
		Path current = this.files.current();
		if (!Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS)) {
			DurableFiles.link(current, file);
			return;
		}
		// The pair in a regular file is kept as an older pair
		Path kept = createDated(Files.readAllBytes(current)).file();
		try {
			DurableFiles.link(current, file);
		}
		finally {
			if (Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS)) {
				delete(kept);
			}
		}
	}

	private void deleteUnlessCurrent(@Nullable Path file) {
		try {
			if (file != null && !(Files.exists(this.files.current()) && Files.isSameFile(file, this.files.current()))) {
				delete(file);
			}
		}
		catch (IOException ex) {
			logger.warn("Cannot determine whether {} is current; keeping it: {}", file, ex.toString());
		}
	}

	private static void delete(Path file) {
		try {
			Files.deleteIfExists(file);
		}
		catch (IOException ex) {
			logger.warn("Cannot remove {}: {}", file, ex.toString());
		}
	}

	private record DatedFile(Path file, FileVersion version) {

	}

}
