package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.certificate.TextFile.UnusableFileException;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * A store in the layout of the kubelet's {@code --cert-dir}: a kubelet can read what this
 * store writes, and the other way round. Several processes may use one directory.
 * <p>
 * Files are forced to disk, and nothing that was just written is read back: the pair was
 * checked in memory before.
 */
public final class FileCertificateStore implements CertificateStore {

	private final StoredPairs pairs;

	private final PairFiles files;

	private final KeyFiles keyFiles;

	/** {@code null} before it is read for the first time. */
	private @Nullable Stored stored;

	/** The version of the file with our pending request. */
	private TextFile.@Nullable Version requestVersion;

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
		this.keyFiles = new KeyFiles(directory);
		this.files = new PairFiles(directory, pairName);
		this.pairs = new StoredPairs(this.files, this.keyFiles, initial, retain, clock);
		this.pairs.recoverSwitch();
		this.keyFiles.reportOpenDirectory();
	}

	/**
	 * A request that an earlier process has left is found by the first read only: each
	 * process waits for its own.
	 */
	@Override
	public Stored read() {
		CertificatePair pair = this.pairs.read();
		PendingRequest pending = (this.stored != null) ? this.stored.pending() : readRequest();
		this.stored = new Stored(pair, pending, null, null);
		return this.stored;
	}

	@Override
	public Stored write(Stored next) {
		Stored stored = Objects.requireNonNullElse(this.stored, Stored.NOTHING);
		CertificatePair pair = next.pair();
		if (pair != null && !pair.isIdenticalTo(stored.pair())) {
			this.pairs.write(pair);
			// Even if the request cannot be written
			this.stored = stored.withPair(pair, null);
		}
		if (!Objects.equals(next.pending(), stored.pending())) {
			writeRequest(next.pending());
		}
		this.stored = next;
		return next;
	}

	/** Reads the request, {@code null} if there is none that can be used. */
	private @Nullable PendingRequest readRequest() {
		Path file = this.files.pendingRequest();
		try {
			this.requestVersion = TextFile.Version.of(file);
			this.keyFiles.requireProtected(file);
			return PendingRequest.ofPem(TextFile.read(file));
		}
		catch (NoSuchFileException ex) {
			return null;
		}
		catch (MalformedPemException | UnusableFileException ex) {
			this.files.setAside(file, Level.WARN,
					"The pending request in %s is not used: %s".formatted(file, ex.getMessage()));
			return null;
		}
		catch (IOException ex) {
			throw new StoreException("Cannot read the pending request " + file + ": " + StoreException.reason(ex), ex);
		}
	}

	private void writeRequest(@Nullable PendingRequest request) {
		Path file = this.files.pendingRequest();
		try {
			if (request != null) {
				this.requestVersion = DurableFiles.replace(file, request.toPem());
			}
			else {
				delete(file);
			}
		}
		catch (IOException ex) {
			throw StoreException.notWritten("Cannot store or delete the pending request " + file, ex);
		}
	}

	/** Unless another process has stored its request there. */
	private void delete(Path file) throws IOException {
		if (Files.exists(file) && TextFile.Version.of(file).equals(this.requestVersion)) {
			Files.deleteIfExists(file);
		}
	}

}
