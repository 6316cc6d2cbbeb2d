package io.kubelet.cert.test;

import java.io.IOException;

/**
 * Ends a connection without an answer, or in the middle of one.
 */
final class ConnectionCut extends IOException {

	ConnectionCut() {
		super("The connection is cut on purpose");
	}

}
