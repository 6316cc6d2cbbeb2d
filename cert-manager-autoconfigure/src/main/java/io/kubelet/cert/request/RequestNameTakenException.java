package io.kubelet.cert.request;

/**
 * The name of the request is taken by a request that differs from it.
 */
public final class RequestNameTakenException extends RequestException {

	public RequestNameTakenException(String requestName, String signerName, String difference) {
		super(Kind.LOST, requestName, "AlreadyExists",
				describe(requestName, signerName) + " has a name that another request has taken: " + difference, null);
	}

}
