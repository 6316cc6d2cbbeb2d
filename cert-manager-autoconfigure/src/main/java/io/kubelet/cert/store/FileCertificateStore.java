package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateRequestPem;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in the layout of the kubelet's {@code --cert-dir}: a kubelet reads what it
 * writes, and it reads what a kubelet wrote (contract rows C14 to C18, B5 to B9). Several
 * processes may use one directory.
 */
public final class FileCertificateStore implements CertificateStore {

	private static final Logger logger = LoggerFactory.getLogger(FileCertificateStore.class);

	/** No other process takes this long to write a file. */
	private static final Duration UNFINISHED = Duration.ofHours(1);

	private final PairFiles files;

	private final @Nullable PairLocation initial;

	private final int retain;

	private final Clock clock;

	private final PairReader reader = new PairReader();

	/**
	 * Create a store, and finish what another process may have left half done. The
	 * directory need not exist.
	 * @param directory the directory
	 * @param pairName the prefix of the file names
	 * @param initial a pair to use until there is one in the directory
	 * @param retain how many old pairs to keep, at least 1
	 * @param clock gives new files their names, in its time zone
	 * @throws StoreException if the directory is not one that a store can be in
	 */
	public FileCertificateStore(Path directory, String pairName, @Nullable PairLocation initial, int retain,
			Clock clock) {
		this.files = new PairFiles(directory, pairName);
		this.initial = initial;
		this.retain = retain;
		this.clock = clock;
		recoverSwitch();
	}

	@Override
	public Optional<CertificatePair> current() {
		try {
			if (Files.exists(this.files.current())) {
				return readCurrent();
			}
			if (this.initial != null && this.initial.exists()) {
				return Optional.of(this.reader.read(this.initial));
			}
			if (this.files.separate().exists()) {
				return Optional.of(this.reader.read(this.files.separate()));
			}
			return Optional.empty();
		}
		catch (IOException | UncheckedIOException ex) {
			throw new StoreException("Cannot read the pair in " + this.files.directory() + ": " + ex, ex);
		}
	}

	@Override
	public void update(CertificatePair pair) {
		Path file = null;
		try {
			Files.createDirectories(this.files.directory());
			file = createDated(Pem.write(pair).getBytes(StandardCharsets.US_ASCII));
			if (!Pem.readPair(Files.readString(file)).equals(pair)) {
				throw new IOException("what was read back is not what was written");
			}
			switchTo(file);
		}
		catch (IOException | UncheckedIOException | MalformedPemException ex) {
			deleteUnlessCurrent(file);
			throw new StoreException("Cannot store the new pair in " + this.files.directory() + ": " + ex
					+ ". Make the directory writable and see that its disk has room", ex);
		}
		prune();
	}

	@Override
	public Optional<CertificateRequest> openRequest() {
		Path file = this.files.openRequest();
		if (!Files.exists(file)) {
			return Optional.empty();
		}
		try {
			return Optional.of(CertificateRequestPem.read(PairReader.text(file)));
		}
		catch (MalformedPemException ex) {
			logger.warn("{} is passed over: {}", file, ex.getMessage());
			return Optional.empty();
		}
		catch (IOException ex) {
			throw new StoreException("Cannot read the open request " + file + ": " + ex, ex);
		}
	}

	@Override
	public void saveOpenRequest(CertificateRequest request) {
		try {
			Files.createDirectories(this.files.directory());
			DurableFiles.replace(this.files.openRequest(), CertificateRequestPem.write(request));
		}
		catch (IOException ex) {
			throw new StoreException("Cannot store the open request " + this.files.openRequest() + ": " + ex
					+ ". Make the directory writable and see that its disk has room", ex);
		}
	}

	@Override
	public void deleteOpenRequest(CertificateRequest request) {
		if (openRequest()
			.filter((kept) -> Arrays.equals(kept.publicKey().getEncoded(), request.publicKey().getEncoded()))
			.isPresent()) {
			delete(this.files.openRequest());
		}
	}

	private Optional<CertificatePair> readCurrent() throws IOException {
		try {
			return Optional.of(this.reader.read(PairLocation.of(this.files.current())));
		}
		catch (StoreException ex) {
			if (this.reader.hasRead()) {
				throw ex;
			}
			return replaceDamaged(ex);
		}
	}

	/** A damaged current pair makes way for the newest good one (contract row B7). */
	private Optional<CertificatePair> replaceDamaged(StoreException cause) throws IOException {
		Path damaged = this.files.current().toRealPath();
		Path aside = PairFiles.aside(damaged);
		Optional<Path> good = this.files.dated().stream().filter((file) -> isGood(file, damaged)).findFirst();
		logger.error("{}. It is kept as {}, and {} takes its place", cause.getMessage(), aside,
				good.map(Path::toString).orElse("a new request"));
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
			logger.warn("{} is passed over: {}", file, ex.getMessage());
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

	private Path createDated(byte[] content) throws IOException {
		for (int attempt = 0;; attempt++) {
			Path file = this.files.dated(this.clock, attempt);
			try {
				DurableFiles.create(file, content);
				return file;
			}
			catch (FileAlreadyExistsException ex) {
				// Another update in the same second: the next name
			}
		}
	}

	private void switchTo(Path file) throws IOException {
		if (Files.isRegularFile(this.files.updated(), LinkOption.NOFOLLOW_LINKS)) {
			throw new IOException(this.files.updated() + " is a file, but only a link can be there");
		}
		Path current = this.files.current();
		if (!Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS)) {
			DurableFiles.link(current, this.files.updated(), file);
			return;
		}
		// A pair that is about to be replaced is never lost (contract row B8)
		Path kept = createDated(Files.readAllBytes(current));
		try {
			DurableFiles.link(current, this.files.updated(), file);
		}
		finally {
			if (Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS)) {
				delete(kept);
			}
		}
	}

	private void prune() {
		try {
			deleteAllBut(this.retain + 1, this.files.dated());
			// They hold keys, too
			deleteAllBut(1, this.files.damaged());
			FileTime abandoned = FileTime.from(this.clock.instant().minus(UNFINISHED));
			for (Path unfinished : this.files.unfinished()) {
				if (Files.getLastModifiedTime(unfinished).compareTo(abandoned) < 0) {
					Files.deleteIfExists(unfinished);
				}
			}
		}
		catch (IOException | UncheckedIOException ex) {
			logger.warn("Cannot remove old files from {}: {}", this.files.directory(), ex.toString());
		}
	}

	/** Whatever its name: what is current stays. */
	private void deleteAllBut(int kept, List<Path> files) throws IOException {
		Path current = this.files.current().toRealPath();
		for (Path old : files.subList(Math.min(kept, files.size()), files.size())) {
			if (!old.toRealPath().equals(current)) {
				Files.deleteIfExists(old);
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
			logger.warn("Cannot tell whether {} is current, so it stays: {}", file, ex.toString());
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

}
