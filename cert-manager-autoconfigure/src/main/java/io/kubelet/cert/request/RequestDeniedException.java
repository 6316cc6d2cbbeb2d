package io.kubelet.cert.request;

/**
 * An approver denied the request.
 */
public final class RequestDeniedException extends RequestException {

	public RequestDeniedException(String requestName, String reason, String message) {
		super(Recovery.RETRY_SLOWLY, requestName, reason, "Request " + requestName + " was denied: " + message, null);
	}

}
