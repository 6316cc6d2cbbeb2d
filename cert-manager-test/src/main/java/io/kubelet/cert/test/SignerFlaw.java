package io.kubelet.cert.test;

/**
 * A way in which a signer fails its callers. A real API server checks little of what a
 * signer writes, so that a client meets all but {@link #GARBAGE} in real clusters.
 */
public enum SignerFlaw {

	/** The certificate has none of the subject alternative names that were asked for. */
	DROPPED_NAMES,

	/** The certificate is for another key than the request's. */
	ANOTHER_KEY,

	/** The certificate is for another subject than the request's. */
	ANOTHER_SUBJECT,

	/** What is written is a PEM block with damaged content. */
	GARBAGE,

	/** The authority that an issuer reports did not issue the certificate. */
	ANOTHER_AUTHORITY,

	/** An issuer reports no authority, such as one that uses ACME. */
	NO_AUTHORITY

}
