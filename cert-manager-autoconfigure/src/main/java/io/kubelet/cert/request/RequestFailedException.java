package io.kubelet.cert.request;

/**
 * The signer refused to sign the request (condition {@code Failed}): an answer, not a
 * glitch. It is worth repeating only slowly, or with another template.
 */
public final class RequestFailedException extends RequestException {

	public RequestFailedException(String requestName, String reason, String message) {
		super(requestName, reason, "Signing of request " + requestName + " failed: " + message, null);
	}

}
