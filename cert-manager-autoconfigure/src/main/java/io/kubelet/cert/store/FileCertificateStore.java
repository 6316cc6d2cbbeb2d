package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
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

	private static final String REMEDY = ". Make the directory writable and check that its disk has room";

	private final PairFiles files;

	private final StoredPairs pairs;

	private final PendingRequestFile request;

	private final @Nullable PairLocation initial;

	private final int retain;

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
		this.files = new PairFiles(directory, pairName);
		this.pairs = new StoredPairs(this.files, keyFiles, clock);
		this.request = new PendingRequestFile(this.files, keyFiles);
		this.initial = initial;
		this.retain = retain;
		change("Cannot finish the interrupted switch of " + this.files.current(), "", this.pairs::recoverSwitch);
		keyFiles.reportOpenDirectory();
	}

	/**
	 * A request that an earlier process has left is found by the first read only: each
	 * process waits for its own.
	 */
	@Override
	public Stored read() {
		Stored last = this.stored;
		CertificatePair pair = attempt("Cannot read the pair in " + this.files.directory(), "",
				() -> this.pairs.read(this.initial));
		PendingRequest pending = (last == null || last.pending() != null)
				? attempt("Cannot read the pending request " + this.files.pendingRequest(), "", this.request::read)
				: null;
		Stored read = new Stored(pair, pending, null, null);
		this.stored = read;
		return read;
	}

	@Override
	public Stored write(Stored next) {
		Stored stored = Objects.requireNonNullElse(this.stored, Stored.NOTHING);
		CertificatePair pair = next.pair();
		if (pair != null && !pair.equals(stored.pair())) {
			change("Cannot store the new pair in " + this.files.directory(), REMEDY,
					() -> this.pairs.write(pair, this.retain));
			stored = stored.withPair(pair, null);
			this.stored = stored;
		}
		PendingRequest pending = next.pending();
		PendingRequest last = stored.pending();
		if (pending != null && !pending.equals(last)) {
			change("Cannot store the pending request " + this.files.pendingRequest(), REMEDY,
					() -> this.request.write(pending));
		}
		else if (pending == null && last != null) {
			change("Cannot delete the pending request " + this.files.pendingRequest(), "",
					() -> this.request.delete(last));
		}
		stored = stored.withPending(pending);
		this.stored = stored;
		return stored;
	}

	private static void change(String problem, String remedy, Change change) {
		attempt(problem, remedy, () -> {
			change.make();
			return null;
		});
	}

	private static <T> @Nullable T attempt(String problem, String remedy, FileAction<T> action) {
		try {
			return action.perform();
		}
		catch (IOException | UncheckedIOException ex) {
			throw new StoreException(problem + ": " + ex + remedy, ex);
		}
	}

	private interface FileAction<T> {

		@Nullable T perform() throws IOException;

	}

	private interface Change {

		void make() throws IOException;

	}

}
