package io.kubelet.cert.autoconfigure.server;

import java.util.function.Predicate;

import javax.net.ssl.SSLSession;

/**
 * The connections of a server.
 */
interface ServerConnections {

	/** Ends some connections after their current requests. */
	void drain(Predicate<SSLSession> outdated);

	/** Whether there is such a connection. */
	boolean any(Predicate<SSLSession> condition);

	/** Closes some connections at once. */
	void close(Predicate<SSLSession> outdated);

}
