package io.kubelet.cert.request;

/**
 * An approver denied the request: an answer, not a glitch. The same request would be
 * denied again, so it is worth repeating only slowly, or with another template.
 */
public final class RequestDeniedException extends RequestException {

	public RequestDeniedException(String requestName, String reason, String message) {
		super(requestName, reason, "Request " + requestName + " was denied: " + message, null);
	}

}
