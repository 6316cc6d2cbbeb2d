package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;

/**
 * Where certificate authorities are read from.
 */
@FunctionalInterface
public interface AuthoritySource {

	/**
	 * Read the authorities.
	 * @return what there is
	 * @throws RuntimeException if it cannot be read; its message says why
	 */
	Reading read();

	/**
	 * A PEM file.
	 * @param file the file
	 * @return the source; reading it throws an {@link IllegalArgumentException} if the
	 * file is missing or holds no certificate
	 */
	static AuthoritySource file(Path file) {
		return () -> {
			try {
				return new Reading(List.of(file), Pem.readCertificates(Files.readString(file)));
			}
			catch (NoSuchFileException ex) {
				throw new IllegalArgumentException(
						"There is no file " + file + ": it is to hold the certificates of the authorities in PEM form",
						ex);
			}
			catch (IOException | MalformedPemException ex) {
				throw new IllegalArgumentException("The file " + file
						+ " is to hold the certificates of the authorities in PEM form: " + ex.getMessage(), ex);
			}
		};
	}

	/**
	 * What was read.
	 *
	 * @param files the files it came from: when one of them changes, it is time to read
	 * again
	 * @param certificates the authorities
	 */
	record Reading(List<Path> files, List<X509Certificate> certificates) {

	}

}
