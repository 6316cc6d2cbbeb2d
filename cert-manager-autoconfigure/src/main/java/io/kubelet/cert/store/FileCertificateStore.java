package io.kubelet.cert.store;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import org.jspecify.annotations.Nullable;

/**
 * A store in the layout of the kubelet's {@code --cert-dir}: a kubelet can read what this
 * store writes, and the other way round. Several processes may use one directory.
 * <p>
 * Files are forced to disk, and nothing that was just written is read back: the pair was
 * checked in memory before.
 */
public final class FileCertificateStore implements CertificateStore {

	private final StoredPairs pairs;

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
		KeyFiles keyFiles = new KeyFiles(directory);
		PairFiles files = new PairFiles(directory, pairName);
		this.pairs = new StoredPairs(files, keyFiles, initial, retain, clock);
		this.request = new PendingRequestFile(files, keyFiles);
		this.pairs.recoverSwitch();
		keyFiles.reportOpenDirectory();
	}

	/**
	 * A request that an earlier process has left is found by the first read only: each
	 * process waits for its own.
	 */
	@Override
	public Stored read() {
		Stored last = this.stored;
		CertificatePair pair = this.pairs.read();
		PendingRequest pending = (last == null || last.pending() != null) ? this.request.read() : null;
		Stored read = new Stored(pair, pending, null, null);
		this.stored = read;
		return read;
	}

	@Override
	public Stored write(Stored next) {
		Stored stored = Objects.requireNonNullElse(this.stored, Stored.NOTHING);
		CertificatePair pair = next.pair();
		if (pair != null && !pair.equals(stored.pair())) {
			this.pairs.write(pair);
			stored = stored.withPair(pair, null);
			this.stored = stored;
		}
		PendingRequest pending = next.pending();
		PendingRequest last = stored.pending();
		if (pending != null && !pending.equals(last)) {
			this.request.write(pending);
		}
		else if (pending == null && last != null) {
			this.request.delete(last);
		}
		stored = stored.withPending(pending);
		this.stored = stored;
		return stored;
	}

}
