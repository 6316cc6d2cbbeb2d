package io.kubelet.cert.certificate.peers;

import java.security.cert.CertificateException;

import org.jspecify.annotations.Nullable;

/**
 * Reports that the certificate of a peer leads to a trusted authority, but that the peer
 * is not accepted.
 */
public final class PeerRefusedException extends CertificateException {

	private final Reason reason;

	PeerRefusedException(Reason reason, @Nullable String message, @Nullable Throwable cause) {
		super(message, cause);
		this.reason = reason;
	}

	/**
	 * Returns why the peer is refused.
	 * @return the reason
	 */
	public Reason reason() {
		return this.reason;
	}

	/**
	 * Why a peer is refused.
	 */
	public enum Reason {

		/** It has none of the accepted names. */
		NOT_ACCEPTED,

		/** Its names cannot be read, or break a rule of SPIFFE. */
		MALFORMED

	}

}
