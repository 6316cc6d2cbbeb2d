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

	/** The certificate lacks the extended key usages that were asked for. */
	DROPPED_USAGES,

	/** The certificate is signed by an intermediate authority, which follows it. */
	INTERMEDIATE,

	/** The certificate is followed by one that has nothing to do with it. */
	UNRELATED_CHAIN,

	/** What is written is a PEM block with damaged content. */
	GARBAGE

}
