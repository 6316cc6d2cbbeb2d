package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.TextFile;
import org.jspecify.annotations.Nullable;

/**
 * Reads pairs, and remembers the last one as long as its files do not change.
 */
final class PairReader {

	private List<TextFile.Version> versions = List.of();

	private @Nullable CertificatePair pair;

	/** Returns the pair that was read or written last, {@code null} if there is none. */
	@Nullable CertificatePair last() {
		return this.pair;
	}

	/** Remembers a pair that was just written to one file. */
	void wrote(CertificatePair pair, TextFile.Version version) {
		this.versions = List.of(version);
		this.pair = pair;
	}

	/**
	 * Reads a pair. If the files have not changed, this only asks for their versions.
	 * @param keyFiles decides whether the file with the key may be used, {@code null} if
	 * it may belong to anyone
	 * @throws java.nio.file.NoSuchFileException if a file is missing
	 * @throws io.kubelet.cert.certificate.TextFile.UnusableFileException if a file may
	 * not be used
	 * @throws StoreException if the files do not hold a pair
	 */
	CertificatePair read(PairLocation location, @Nullable KeyFiles keyFiles) throws IOException {
		List<TextFile.Version> versions = new ArrayList<>();
		for (Path file : location.files()) {
			versions.add(TextFile.Version.of(file));
		}
		CertificatePair pair = this.pair;
		if (pair == null || !versions.equals(this.versions)) {
			if (keyFiles != null) {
				keyFiles.requireProtected(location.privateKey());
			}
			pair = parse(location);
			this.versions = versions;
			this.pair = pair;
		}
		return pair;
	}

	private static CertificatePair parse(PairLocation location) throws IOException {
		try {
			return location.isOneFile() ? Pem.readPair(TextFile.read(location.certificate()))
					: Pem.readPair(TextFile.read(location.certificate()), TextFile.read(location.privateKey()));
		}
		catch (MalformedPemException ex) {
			throw new StoreException("The pair in " + location + " is damaged: " + ex.getMessage(), ex);
		}
	}

}
