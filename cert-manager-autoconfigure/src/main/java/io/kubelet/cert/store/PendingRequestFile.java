package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.certificate.TextFile.UnusableFileException;
import org.jspecify.annotations.Nullable;

/**
 * The file of the pending request and its key. As long as the file is the one that this
 * object wrote or read, it knows what is in it.
 */
final class PendingRequestFile {

	private final PairFiles files;

	private final KeyFiles keyFiles;

	private @Nullable Known known;

	PendingRequestFile(PairFiles files, KeyFiles keyFiles) {
		this.files = files;
		this.keyFiles = keyFiles;
	}

	/** Reads the request, {@code null} if there is none that can be used. */
	@Nullable PendingRequest read() {
		Path file = this.files.pendingRequest();
		try {
			TextFile.Version version = TextFile.Version.of(file);
			Known known = this.known;
			if (known == null || !known.version().equals(version)) {
				this.keyFiles.requireProtected(file);
				known = new Known(PendingRequest.ofPem(TextFile.read(file)), version);
				this.known = known;
			}
			return known.request();
		}
		catch (NoSuchFileException ex) {
			// None is pending
		}
		catch (MalformedPemException | UnusableFileException ex) {
			this.files.setAside(file, "The pending request " + file + " is not used: "
					+ ((ex instanceof UnusableFileException unusable) ? unusable.getReason() : ex.getMessage()));
		}
		catch (IOException ex) {
			throw new StoreException("Cannot read the pending request " + file + ": " + StoreException.reason(ex), ex);
		}
		return null;
	}

	void write(PendingRequest request) {
		Path file = this.files.pendingRequest();
		try {
			this.known = new Known(request, DurableFiles.replace(file, request.toPem()));
		}
		catch (IOException ex) {
			throw StoreException.notWritten("Cannot store the pending request " + file, ex);
		}
	}

	/** Deletes the file, unless it holds the request of another process. */
	void delete(PendingRequest request) {
		Path file = this.files.pendingRequest();
		PendingRequest stored = read();
		if (stored != null && request.hasKey(stored.request().publicKey())) {
			try {
				Files.deleteIfExists(file);
			}
			catch (IOException ex) {
				throw StoreException.notWritten("Cannot delete the pending request " + file, ex);
			}
		}
	}

	private record Known(PendingRequest request, TextFile.Version version) {

	}

}
