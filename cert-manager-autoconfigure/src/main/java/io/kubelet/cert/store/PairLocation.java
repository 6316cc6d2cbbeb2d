package io.kubelet.cert.store;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a pair is: its certificates in one file and its key in another, or both in one.
 *
 * @param certificate the file with the certificates, leaf first
 * @param privateKey the file with the key
 */
public record PairLocation(Path certificate, Path privateKey) {

	static PairLocation of(Path file) {
		return new PairLocation(file, file);
	}

	boolean exists() {
		return Files.exists(this.certificate) && Files.exists(this.privateKey);
	}

	boolean isOneFile() {
		return this.certificate.equals(this.privateKey);
	}

	@Override
	public String toString() {
		return isOneFile() ? this.certificate.toString() : this.certificate + " and " + this.privateKey;
	}

}
