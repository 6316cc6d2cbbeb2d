package io.kubelet.cert.store;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The files of a pair: its certificates in one file and its key in another, or both in
 * one.
 *
 * @param certificate the file with the certificates, leaf first
 * @param privateKey the file with the key
 */
public record PairLocation(Path certificate, Path privateKey) {

	static PairLocation of(Path file) {
		return new PairLocation(file, file);
	}

	/**
	 * Returns the file that is missing although the other one exists.
	 * @return the file, empty if both exist or neither does
	 */
	public Optional<Path> missingHalf() {
		boolean certificate = Files.exists(this.certificate);
		return (certificate == Files.exists(this.privateKey)) ? Optional.empty()
				: Optional.of(certificate ? this.privateKey : this.certificate);
	}

	List<Path> files() {
		return isOneFile() ? List.of(this.certificate) : List.of(this.certificate, this.privateKey);
	}

	boolean isOneFile() {
		return this.certificate.equals(this.privateKey);
	}

	@Override
	public String toString() {
		return isOneFile() ? this.certificate.toString() : this.certificate + " and " + this.privateKey;
	}

}
