package io.kubelet.cert.test.http;

import java.io.IOException;

/**
 * Ends a connection without an answer, or in the middle of one.
 */
public final class ConnectionCut extends IOException {

	public ConnectionCut() {
		super("The connection is cut on purpose");
	}

}
