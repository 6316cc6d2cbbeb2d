package io.kubelet.cert.certificate;

/**
 * The algorithm of a private key.
 */
public enum KeyAlgorithm {

	/** Elliptic curve over a NIST curve: 256, 384 or 521 bits. */
	EC,

	/** RSA, from 2048 bits. */
	RSA,

	/** Edwards curve 25519 (RFC 8032), always 256 bits. */
	ED25519

}
