package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.FileSystemException;
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

	@Nullable PendingRequest read() throws IOException {
		try {
			return readOrSetAside(this.files.pendingRequest());
		}
		catch (NoSuchFileException ex) {
			return null;
		}
	}

	private @Nullable PendingRequest readOrSetAside(Path file) throws IOException {
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
		catch (MalformedPemException | UnusableFileException ex) {
			return setAside(file,
					(ex instanceof UnusableFileException unusable) ? unusable.getReason() : ex.getMessage());
		}
		catch (FileSystemException ex) {
			if (ex instanceof NoSuchFileException || !Files.isSymbolicLink(file)) {
				throw ex;
			}
			return setAside(file, "it is a link that cannot be followed");
		}
	}

	private @Nullable PendingRequest setAside(Path file, @Nullable String problem) throws IOException {
		this.files.setAside(file, "The pending request " + file + " is not used: " + problem);
		return null;
	}

	PendingRequest write(PendingRequest request) throws IOException {
		this.known = new Known(request, DurableFiles.replace(this.files.pendingRequest(), request.toPem()));
		return request;
	}

	/**
	 * Deletes the file, unless it holds the request of another process.
	 * @return whether it was deleted
	 */
	boolean delete(PendingRequest request) throws IOException {
		PendingRequest stored = read();
		return stored != null && request.hasKey(stored.request().publicKey())
				&& Files.deleteIfExists(this.files.pendingRequest());
	}

	private record Known(PendingRequest request, TextFile.Version version) {

	}

}
