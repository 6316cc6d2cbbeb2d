package io.kubelet.cert.autoconfigure.settings;

import io.kubelet.cert.certificate.KeyAlgorithm;
import org.jspecify.annotations.Nullable;

/**
 * The private key of a certificate.
 */
class KeyProperties {

	/**
	 * Algorithm of the key.
	 */
	private KeyAlgorithm algorithm = KeyAlgorithm.EC;

	/**
	 * Size of the key in bits: 256, 384 or 521 for EC, from 2048 for RSA. By default 256
	 * for EC and 2048 for RSA.
	 */
	private @Nullable Integer size;

	public KeyAlgorithm getAlgorithm() {
		return this.algorithm;
	}

	public void setAlgorithm(KeyAlgorithm algorithm) {
		this.algorithm = algorithm;
	}

	public @Nullable Integer getSize() {
		return this.size;
	}

	public void setSize(@Nullable Integer size) {
		this.size = size;
	}

}
