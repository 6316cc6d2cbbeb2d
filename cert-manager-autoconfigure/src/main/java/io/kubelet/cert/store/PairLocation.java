package io.kubelet.cert.store;

import java.nio.file.Path;

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

	boolean isOneFile() {
		return this.certificate.equals(this.privateKey);
	}

	@Override
	public String toString() {
		return isOneFile() ? this.certificate.toString() : this.certificate + " and " + this.privateKey;
	}

}
