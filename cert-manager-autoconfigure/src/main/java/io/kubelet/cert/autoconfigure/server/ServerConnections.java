package io.kubelet.cert.autoconfigure.server;

import java.util.function.Predicate;

import javax.net.ssl.SSLSession;

/**
 * The connections of a server.
 */
interface ServerConnections {

	/** Lets some connections end with what they are doing. */
	void drain(Predicate<SSLSession> outdated);

	/** Ends some connections now, whatever they are doing. */
	void close(Predicate<SSLSession> outdated);

}
