package io.kubelet.cert.request;

/**
 * The request was deleted before it was answered, or another object has its name now.
 */
public final class RequestGoneException extends RequestException {

	public RequestGoneException(String requestName, String message) {
		super(Kind.LOST, requestName, "Gone", message, null);
	}

}
