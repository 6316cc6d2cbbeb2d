package io.kubelet.cert.certificate.peers;

import java.security.cert.CertificateException;

import org.jspecify.annotations.Nullable;

/**
 * Reports that the certificate of a peer leads to a trusted authority, but that the peer
 * is not accepted.
 */
public final class PeerRefusedException extends CertificateException {

	private final RefusalReason reason;

	PeerRefusedException(RefusalReason reason, @Nullable String message, @Nullable Throwable cause) {
		super(message, cause);
		this.reason = reason;
	}

	/**
	 * Returns why the peer is refused.
	 * @return the reason
	 */
	public RefusalReason reason() {
		return this.reason;
	}

}
