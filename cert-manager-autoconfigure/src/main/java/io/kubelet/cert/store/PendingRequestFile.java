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
			setAside(file, (ex instanceof UnusableFileException unusable) ? unusable.getReason() : ex.getMessage());
		}
		catch (FileSystemException ex) {
			if (!Files.isSymbolicLink(file)) {
				throw ex;
			}
			setAside(file, "it is a link that cannot be followed");
		}
		return null;
	}

	private void setAside(Path file, @Nullable String problem) {
		this.files.setAside(file, "The pending request " + file + " is not used: " + problem);
	}

	void write(PendingRequest request) throws IOException {
		this.known = new Known(request, DurableFiles.replace(this.files.pendingRequest(), request.toPem()));
	}

	/**
	 * Deletes the file, unless it holds the request of another process.
	 */
	void delete(PendingRequest request) throws IOException {
		PendingRequest stored = read();
		if (stored != null && request.hasKey(stored.request().publicKey())) {
			Files.deleteIfExists(this.files.pendingRequest());
		}
	}

	private record Known(PendingRequest request, TextFile.Version version) {

	}

}
