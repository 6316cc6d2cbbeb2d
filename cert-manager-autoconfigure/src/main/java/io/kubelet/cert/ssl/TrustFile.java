package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificate authorities in a PEM file. The file is looked at whenever they are asked
 * for, and read again when it has changed; a change that makes it unreadable is reported
 * once, and what was read before goes on to be trusted.
 */
public final class TrustFile implements Supplier<List<X509Certificate>> {

	private static final Logger logger = LoggerFactory.getLogger(TrustFile.class);

	private final Path file;

	private FileTime modified = FileTime.fromMillis(0);

	private List<X509Certificate> authorities = List.of();

	/**
	 * Read the file.
	 * @param file the file
	 * @throws IllegalArgumentException if it is missing or holds no certificate
	 */
	public TrustFile(Path file) {
		this.file = file;
		try {
			read();
		}
		catch (IOException | MalformedPemException ex) {
			throw new IllegalArgumentException(problem(ex), ex);
		}
	}

	@Override
	public synchronized List<X509Certificate> get() {
		try {
			if (!Files.getLastModifiedTime(this.file).equals(this.modified)) {
				read();
				logger.info("{} has changed: it names {} certificate authorities now", this.file,
						this.authorities.size());
			}
		}
		catch (IOException | MalformedPemException ex) {
			logger.error("{}; the certificate authorities that it held before are still trusted", problem(ex));
		}
		return this.authorities;
	}

	private void read() throws IOException {
		this.modified = Files.getLastModifiedTime(this.file);
		this.authorities = Pem.readCertificates(Files.readString(this.file));
	}

	private String problem(Exception ex) {
		return Files.exists(this.file) ? "The trust file " + this.file + " cannot be read: " + ex.getMessage()
				: "There is no trust file " + this.file;
	}

}
