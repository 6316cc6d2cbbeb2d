package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import org.jspecify.annotations.Nullable;

/**
 * Reads pairs, and remembers the last one as long as its files do not change.
 */
final class PairReader {

	private @Nullable FileVersion certificate;

	private @Nullable FileVersion privateKey;

	private @Nullable CertificatePair pair;

	/** Whether there is a pair that was read or written before. */
	boolean hasPair() {
		return this.pair != null;
	}

	/** Remembers a pair that was just written to one file. */
	void wrote(CertificatePair pair, FileVersion version) {
		this.certificate = version;
		this.privateKey = version;
		this.pair = pair;
	}

	/**
	 * Reads a pair. If the files have not changed, this only asks for their versions.
	 * @throws java.nio.file.NoSuchFileException if a file is missing
	 * @throws StoreException if the files do not hold a pair
	 */
	CertificatePair read(PairLocation location) throws IOException {
		FileVersion certificate = FileVersion.of(location.certificate());
		FileVersion privateKey = location.isOneFile() ? certificate : FileVersion.of(location.privateKey());
		CertificatePair pair = this.pair;
		if (pair == null || !certificate.equals(this.certificate) || !privateKey.equals(this.privateKey)) {
			pair = parse(location);
			this.certificate = certificate;
			this.privateKey = privateKey;
			this.pair = pair;
		}
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

	/** Reads a file of PEM. Whatever is in it, it is a text of this encoding. */
	static String text(Path file) throws IOException {
		return Files.readString(file, StandardCharsets.ISO_8859_1);
	}

}
