package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.Optional;

import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.CertificateRequestPem;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.file.FileVersion;
import io.kubelet.cert.certificate.file.TextFile;
import io.kubelet.cert.certificate.file.UnusableFileException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of the pending request and its key. As long as the file is the one that this
 * object wrote or read, it knows what is in it.
 */
final class PendingRequestFile {

	private static final Logger logger = LoggerFactory.getLogger(PendingRequestFile.class);

	private final PairFiles files;

	private final KeyFiles keyFiles;

	private @Nullable Known known;

	PendingRequestFile(PairFiles files, KeyFiles keyFiles) {
		this.files = files;
		this.keyFiles = keyFiles;
	}

	Optional<PendingRequest> read() throws IOException {
		Path file = this.files.pendingRequest();
		this.known = null;
		try {
			return readOrSetAside(file);
		}
		catch (NoSuchFileException ex) {
			return Optional.empty();
		}
	}

	private Optional<PendingRequest> readOrSetAside(Path file) throws IOException {
		try {
			FileVersion version = FileVersion.of(file);
			this.keyFiles.requireProtected(file);
			PendingRequest request = CertificateRequestPem.read(TextFile.read(file));
			this.known = new Known(request.keys().getPublic(), version);
			return Optional.of(request);
		}
		catch (MalformedPemException | UnusableFileException ex) {
			logger.warn("The pending request {} is not used: {}. It is kept as {}", file,
					(ex instanceof UnusableFileException unusable) ? unusable.getReason() : ex.getMessage(),
					this.files.setAside(file));
			return Optional.empty();
		}
	}

	void write(PendingRequest request) throws IOException {
		FileVersion version = DurableFiles.replace(this.files.pendingRequest(), CertificateRequestPem.write(request));
		this.known = new Known(request.keys().getPublic(), version);
	}

	/** Deletes the file, unless it holds the request of another process. */
	void delete(PendingRequest request) throws IOException {
		Path file = this.files.pendingRequest();
		try {
			Known known = this.known;
			if (known == null || !known.version().equals(FileVersion.of(file))) {
				read();
				known = this.known;
			}
			if (known != null
					&& Arrays.equals(known.publicKey().getEncoded(), request.keys().getPublic().getEncoded())) {
				Files.delete(file);
			}
		}
		catch (NoSuchFileException ex) {
			// Another process has deleted it
		}
	}

	private record Known(PublicKey publicKey, FileVersion version) {

	}

}
