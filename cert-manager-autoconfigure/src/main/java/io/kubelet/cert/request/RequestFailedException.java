package io.kubelet.cert.request;

/**
 * The signer refused to sign the request (condition {@code Failed}).
 */
public final class RequestFailedException extends RequestException {

	public RequestFailedException(String requestName, String signerName, String reason, String message) {
		super(Kind.FAILED, requestName, reason,
				"Signer " + signerName + " failed to sign request " + requestName + ": " + message, null);
	}

}
