package io.kubelet.cert.certificate.trust;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.certificate.Trust;

/**
 * A place from which trust is read.
 */
@FunctionalInterface
public interface TrustSource {

	/**
	 * Reads the source.
	 * @return its current content
	 * @throws RuntimeException if it cannot be read; the message says why
	 */
	Reading read();

	/**
	 * Returns a source that trusts exactly the certificates in a PEM file.
	 * @param file the file
	 * @return the source; reading it throws an {@link IllegalArgumentException} if the
	 * file is missing or contains no certificate
	 */
	static TrustSource file(Path file) {
		return () -> {
			Object version = Reading.versionOf(List.of(file));
			try {
				return Reading.of(List.of(file), version, Trust.exactly(Pem.readCertificates(TextFile.read(file))));
			}
			catch (NoSuchFileException ex) {
				throw new IllegalArgumentException("There is no file " + file
						+ ", which must contain the certificates of the authorities in PEM form", ex);
			}
			catch (IOException | MalformedPemException ex) {
				throw new IllegalArgumentException("The file " + file
						+ " must contain the certificates of the authorities in PEM form: " + ex.getMessage(), ex);
			}
		};
	}

	/**
	 * The content of a source at one time.
	 *
	 * @param origin where it comes from, as named in the log
	 * @param version the version of the source that was read
	 * @param latest returns the version of the source at the time of the call
	 * @param trust the trust
	 */
	record Reading(Object origin, Object version, Supplier<Object> latest, Trust trust) {

		/**
		 * Returns a reading of files.
		 * @param files the files
		 * @param version their {@linkplain #versionOf(List) version} before they were
		 * read
		 * @param trust the trust
		 * @return the reading
		 */
		public static Reading of(List<Path> files, Object version, Trust trust) {
			return new Reading(files, version, () -> versionOf(files), trust);
		}

		/**
		 * Returns a value that changes when one of some files does.
		 * @param files the files
		 * @return the version
		 */
		public static Object versionOf(List<Path> files) {
			return files.stream().map(Reading::version).toList();
		}

		/** Whether the source has changed since. */
		boolean isOutdated() {
			return !this.latest.get().equals(this.version);
		}

		/** Returns the same trust, not outdated until the source changes once more. */
		Reading kept() {
			return new Reading(this.origin, this.latest.get(), this.latest, this.trust);
		}

		/**
		 * A projected volume changes its links, which changes the version of the file.
		 */
		private static Object version(Path file) {
			try {
				return TextFile.Version.of(file);
			}
			catch (IOException ex) {
				return "unreadable";
			}
		}

	}

}
