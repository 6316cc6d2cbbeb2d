package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.SelfSignedPair;

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
			Object version = Reading.versionOf(List.of(file));
			try {
				return Reading.of(List.of(file), version, Pem.readCertificates(Files.readString(file)));
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
	 * @param origin where it came from
	 * @param version what tells this state of its origin from another
	 * @param latest the version of now
	 * @param certificates the authorities
	 */
	record Reading(Object origin, Object version, Supplier<Object> latest, List<X509Certificate> certificates) {

		/**
		 * What was read from files.
		 * @param files the files
		 * @param version their {@link #versionOf(List) version} of before they were read
		 * @param certificates the authorities
		 * @return the reading
		 */
		public static Reading of(List<Path> files, Object version, List<X509Certificate> certificates) {
			return new Reading(files, version, () -> versionOf(files), certificates);
		}

		/**
		 * Return what tells one state of some files from another.
		 * @param files the files
		 * @return the version
		 */
		public static Object versionOf(List<Path> files) {
			return files.stream().map(Reading::version).toList();
		}

		/**
		 * The same, but nobody is trusted.
		 * @return the reading
		 */
		public Reading trustingNobody() {
			return new Reading(this.origin, this.version, this.latest, Nobody.AUTHORITIES);
		}

		boolean trustsNobody() {
			return this.certificates == Nobody.AUTHORITIES;
		}

		/** Whether it is time to read again. */
		boolean isOutdated() {
			return !this.latest.get().equals(this.version);
		}

		/** The same, whatever its origin has become. */
		Reading kept() {
			return new Reading(this.origin, this.latest.get(), this.latest, this.certificates);
		}

		/** A projected volume changes its links, and with them the key of the file. */
		private static Object version(Path file) {
			try {
				BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
				return List.of(attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
			}
			catch (IOException ex) {
				return "unreadable";
			}
		}

		/** An authority that has signed nothing, and never will: nobody has its key. */
		private static final class Nobody {

			static final List<X509Certificate> AUTHORITIES = List.of(SelfSignedPair.create("nobody").leaf());

		}

	}

}
