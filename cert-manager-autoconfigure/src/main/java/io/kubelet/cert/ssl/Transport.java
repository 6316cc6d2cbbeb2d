package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.peers.ClientAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the socket or engine of a connection tells, whoever uses it.
 */
final class Transport {

	private Transport() {
	}

	/** Returns the session of a handshake that is complete. Never waits for the peer. */
	static @Nullable SSLSession session(Object transport) {
		SSLSession session = null;
		if (transport instanceof SSLEngine engine) {
			session = (engine.getHandshakeSession() == null) ? engine.getSession() : null;
		}
		// Before that, getSession() would begin a handshake or wait for its end
		else if (transport instanceof SSLSocket socket && socket.getApplicationProtocol() != null
				&& socket.getHandshakeApplicationProtocol() == null) {
			session = socket.getSession();
		}
		return (session != null && !session.getCipherSuite().equals("SSL_NULL_WITH_NULL_NULL")) ? session : null;
	}

	/**
	 * A server of the JDK has a session of TLS 1.3 before the client proves that it has
	 * the key of its certificate. If that fails, the session is not valid, as at the end
	 * of other connections. But only a handshake that has succeeded fixes the mode.
	 */
	static boolean hasFailed(Object transport, SSLSession session) {
		if (session.isValid()) {
			return false;
		}
		try {
			if (transport instanceof SSLEngine engine) {
				engine.setUseClientMode(true);
			}
			else if (transport instanceof SSLSocket socket) {
				socket.setUseClientMode(true);
			}
			return true;
		}
		catch (IllegalArgumentException | UnsupportedOperationException ex) {
			return false;
		}
	}

	static boolean isServer(Object transport) {
		return (transport instanceof SSLEngine engine) ? !engine.getUseClientMode()
				: transport instanceof SSLSocket socket && !socket.getUseClientMode();
	}

	/**
	 * Returns the address of the peer. The engines of some servers do not know it: then
	 * it is the one that is set for the thread.
	 */
	static @Nullable InetSocketAddress address(@Nullable Object transport) {
		if (transport instanceof Socket socket && socket.getInetAddress() != null) {
			// With its name, it would be resolved
			return InetSocketAddress.createUnresolved(socket.getInetAddress().getHostAddress(), socket.getPort());
		}
		return (transport instanceof SSLEngine engine && engine.getPeerHost() != null)
				? InetSocketAddress.createUnresolved(engine.getPeerHost(), Math.max(0, engine.getPeerPort()))
				: ClientAddress.current();
	}

	/**
	 * Returns the stream that tells why a socket was closed. It cannot be obtained
	 * afterwards.
	 */
	static @Nullable InputStream input(Object transport) {
		try {
			return (transport instanceof SSLSocket socket && isOfTheJdk(socket)) ? socket.getInputStream() : null;
		}
		catch (IOException ex) {
			return null;
		}
	}

	/**
	 * Returns why a connection is broken. JSSE reports it to the library that uses the
	 * connection, and again to whoever tries to use it later. That would end a session
	 * and the other direction, so only a connection is asked that has neither.
	 * @return the exception, {@code null} if it is in use, or was closed properly
	 */
	static @Nullable Throwable failure(Object transport, @Nullable InputStream input) {
		try {
			if (transport instanceof SSLEngine engine && isOfTheJdk(engine) && engine.isInboundDone()
					&& engine.isOutboundDone() && !engine.getSession().isValid()) {
				engine.beginHandshake();
			}
			else if (input != null && transport instanceof SSLSocket socket && socket.isClosed()
					&& !socket.getSession().isValid()) {
				input.read();
			}
			return null;
		}
		catch (IOException ex) {
			return ex.getCause();
		}
	}

	private static boolean isOfTheJdk(Object transport) {
		return transport.getClass().getModule().equals(SSLEngine.class.getModule());
	}

	/** Returns whether a connection is in use; one that cannot tell is not. */
	static boolean isOpen(Object transport) {
		try {
			return (transport instanceof Socket socket) ? isOpen(socket)
					: transport instanceof SSLEngine engine && !engine.isOutboundDone() && !engine.isInboundDone();
		}
		catch (UnsupportedOperationException ex) {
			return false;
		}
	}

	private static boolean isOpen(Socket socket) {
		try {
			// A library may have closed only the socket below, which fails then
			socket.getSoTimeout();
			return !socket.isClosed();
		}
		catch (SocketException ex) {
			return false;
		}
	}

}
