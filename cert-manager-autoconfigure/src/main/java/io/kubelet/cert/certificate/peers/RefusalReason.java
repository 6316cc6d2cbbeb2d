package io.kubelet.cert.certificate.peers;

/**
 * Why a peer is refused.
 */
public enum RefusalReason {

	/** It has none of the accepted names. */
	NOT_ACCEPTED,

	/** Its certificate leads to no trusted authority. */
	UNTRUSTED,

	/** Its certificate has expired, or is not valid yet. */
	EXPIRED,

	/** It presents no certificate. */
	MISSING,

	/** Its names cannot be read, or break a rule of SPIFFE. */
	MALFORMED,

	/** Anything else. */
	OTHER

}
