package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import org.jspecify.annotations.Nullable;

/**
 * Reads pairs, and remembers the last one for as long as its files do not change.
 */
final class PairReader {

	private @Nullable List<Version> versions;

	private @Nullable CertificatePair pair;

	/** Whether a pair was read before. */
	boolean hasRead() {
		return this.pair != null;
	}

	/**
	 * Read a pair.
	 * @throws StoreException if what the files hold is no pair
	 */
	CertificatePair read(PairLocation location) throws IOException {
		List<Version> versions = List.of(Version.of(location.certificate()), Version.of(location.privateKey()));
		if (this.pair != null && versions.equals(this.versions)) {
			return this.pair;
		}
		CertificatePair pair = parse(location);
		this.versions = versions;
		this.pair = pair;
		return pair;
	}

	private static CertificatePair parse(PairLocation location) throws IOException {
		try {
			return location.isOneFile() ? Pem.readPair(text(location.certificate()))
					: Pem.readPair(text(location.certificate()), text(location.privateKey()));
		}
		catch (MalformedPemException ex) {
			throw new StoreException("The pair in " + location + " is damaged: " + ex.getMessage(), ex);
		}
	}

	/**
	 * Read a file of PEM.
	 * @throws MalformedPemException if it is too long, or no text
	 */
	static String text(Path file) throws IOException {
		if (Files.size(file) > Pem.MAXIMUM_LENGTH) {
			throw new MalformedPemException("the file is longer than " + Pem.MAXIMUM_LENGTH + " bytes");
		}
		try {
			return Files.readString(file);
		}
		catch (CharacterCodingException ex) {
			throw new MalformedPemException("the file is no text", ex);
		}
	}

	/** Which state of a file was read; a link that was switched is another file. */
	private record Version(Path file, FileTime modified, long size) {

		static Version of(Path path) throws IOException {
			Path file = path.toRealPath();
			BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
			return new Version(file, attributes.lastModifiedTime(), attributes.size());
		}

	}

}
