package io.kubelet.cert.request;

/**
 * The name is taken by a request that differs from ours (contract row C20). A new request
 * under another name can be made.
 */
public final class RequestNameTakenException extends RequestException {

	public RequestNameTakenException(String requestName, String difference) {
		super(requestName, "AlreadyExists", "The name " + requestName + " is taken by another request: " + difference,
				null);
	}

}
