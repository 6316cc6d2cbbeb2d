package io.kubelet.cert.request;

/**
 * The request was deleted, or another object has taken its name, before it was answered.
 * A new request can be made at once.
 */
public final class RequestGoneException extends RequestException {

	public RequestGoneException(String requestName, String message) {
		super(requestName, "Gone", message, null);
	}

}
