package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.store.CertificateStore.Stored;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads two files that another program manages, such as a volume of a Secret or a CSI
 * driver. It never replaces them. A program may replace one file after the other, so
 * {@link #read()} throws only once the files have held no pair for 10 seconds.
 */
public final class ManagedFilesStore implements CertificateStore {

	private static final Logger logger = LoggerFactory.getLogger(ManagedFilesStore.class);

	private final PairReader reader = new PairReader();

	private final PairLocation files;

	private final FileChanges changes;

	private final Clock clock;

	/** When the files were found without a pair, {@code null} if they hold one. */
	private @Nullable Instant incompleteSince;

	/**
	 * Creates a store.
	 * @param files the files
	 * @param changes tells when they may have changed
	 * @param clock the clock
	 */
	public ManagedFilesStore(PairLocation files, FileChanges changes, Clock clock) {
		this.files = files;
		this.changes = changes;
		this.clock = clock;
	}

	/**
	 * Creates both files if neither exists.
	 * @param pair creates the pair
	 * @return whether they were created
	 * @throws StoreException if they cannot be created
	 */
	public boolean createIfMissing(Supplier<CertificatePair> pair) {
		if (Files.exists(this.files.certificate()) || Files.exists(this.files.privateKey())) {
			return false;
		}
		try {
			DurableFiles.create(this.files, pair.get());
			return true;
		}
		catch (FileAlreadyExistsException ex) {
			// Another process creates them
			return false;
		}
		catch (IOException ex) {
			throw StoreException.notWritten("Cannot create the pair in " + this.files, ex);
		}
	}

	@Override
	public Stored read() {
		return new Stored(pair(), null, null, null);
	}

	@Override
	public void onChange(Runnable changed) {
		this.changes.follow(this.files::files, changed, (late) -> {
			// The engine reports that as a step that is stuck
		}, FileChanges.AFTER_AUTHORITIES);
	}

	@Override
	public Stored write(Stored next) {
		throw new StoreException("The pair in " + this.files + " is managed by another program", null);
	}

	private @Nullable CertificatePair pair() {
		try {
			CertificatePair pair = this.reader.read(this.files, null);
			this.incompleteSince = null;
			return pair;
		}
		catch (NoSuchFileException ex) {
			return (this.reader.last() == null) ? null
					: lastPair(new StoreException("The file " + ex.getFile() + " is missing", ex));
		}
		catch (IOException ex) {
			return lastPair(
					new StoreException("Cannot read the pair in " + this.files + ": " + StoreException.reason(ex), ex));
		}
		catch (StoreException ex) {
			return lastPair(ex);
		}
	}

	/** Without a pair to go on with, whoever waits for one learns the problem soon. */
	private @Nullable CertificatePair lastPair(StoreException problem) {
		CertificatePair last = this.reader.last();
		Instant now = this.clock.instant();
		Instant since = this.incompleteSince;
		if (since == null) {
			this.incompleteSince = now;
			logger.info(
					"The files {} do not hold a pair, as while another program replaces them: {}; they are read again",
					this.files, problem.getMessage());
		}
		else if (last == null || Duration.between(since, now).abs().compareTo(FileChanges.INTERVAL) >= 0) {
			throw problem;
		}
		return last;
	}

}
