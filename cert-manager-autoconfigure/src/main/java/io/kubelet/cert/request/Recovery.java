package io.kubelet.cert.request;

/**
 * What a caller can do about a request that failed.
 */
public enum Recovery {

	/**
	 * Send the same request again soon: the signer was out of reach or busy, or it has
	 * not answered in time.
	 */
	RETRY_SOON,

	/**
	 * Ask again slowly, or with another template: this was an answer, and the same
	 * request would get the same one.
	 */
	RETRY_SLOWLY,

	/**
	 * Fix the credentials or their permissions. The same request is accepted once they
	 * are right.
	 */
	FIX_CREDENTIALS,

	/**
	 * Make a new request with a new key: this one no longer exists, or its name is taken.
	 */
	START_OVER

}
