package io.kubelet.cert.request;

/**
 * The name of the request is taken by a request that differs from it.
 */
public final class RequestNameTakenException extends RequestException {

	public RequestNameTakenException(String requestName, String difference) {
		super(Kind.LOST, requestName, "AlreadyExists",
				"The name " + requestName + " is taken by another request: " + difference, null);
	}

}
