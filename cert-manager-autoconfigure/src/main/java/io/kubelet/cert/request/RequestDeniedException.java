package io.kubelet.cert.request;

/**
 * An approver denied the request.
 */
public final class RequestDeniedException extends RequestException {

	public RequestDeniedException(String requestName, String signerName, String reason, String message) {
		super(Kind.DENIED, requestName, reason, describe(requestName, signerName) + " was denied: " + message, null);
	}

}
