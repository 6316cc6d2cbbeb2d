package io.kubelet.cert.ssl;

import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.Queue;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;

import org.jspecify.annotations.Nullable;

/**
 * The TLS sessions of a bundle's managers. A resumed session continues with the identity
 * of the handshake that began it. There are libraries that create contexts of their own
 * from the managers, such as Netty, which remain in use when the identity changes.
 */
final class Handshakes {

	/** The system property by which JSSE issues tickets for the sessions of servers. */
	private static final String TICKETS = "jdk.tls.server.enableSessionTicketExtension";

	/** Sessions that no context keeps yet because their handshakes are not finished. */
	private final Queue<WeakReference<SSLSession>> open = new ConcurrentLinkedQueue<>();

	private final Set<SSLSessionContext> contexts = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	/** Records the handshake of a client, so that its session can be invalidated. */
	void record(@Nullable Object transport) {
		SSLSession session = session(transport);
		this.open.removeIf((reference) -> isSettled(reference.get()));
		if (session != null) {
			this.open.add(new WeakReference<>(session));
		}
	}

	/**
	 * Keeps the session of a server's handshake from being resumed. Its state is in a
	 * ticket that the client holds, which cannot be taken back at a rotation, so none may
	 * be issued. The session is not valid for that purpose, and is valid otherwise.
	 * <p>
	 * With TLS 1.2, JSSE has already announced a ticket at this point, and the handshake
	 * would fail. There it is possible only without tickets.
	 */
	static void neverResume(@Nullable Object transport) {
		SSLSession session = session(transport);
		if (session != null
				&& (session.getProtocol().equals("TLSv1.3") || "false".equals(System.getProperty(TICKETS)))) {
			session.invalidate();
		}
	}

	/** Lets each new connection of a client make a full handshake. */
	void invalidateSessions() {
		this.open.removeIf((reference) -> isSettled(reference.get()));
		this.open.forEach((reference) -> invalidate(reference.get()));
		Set<SSLSessionContext> contexts;
		synchronized (this.contexts) {
			contexts = Set.copyOf(this.contexts);
		}
		for (SSLSessionContext context : contexts) {
			Collections.list(context.getIds()).forEach((id) -> invalidate(context.getSession(id)));
		}
	}

	private static @Nullable SSLSession session(@Nullable Object transport) {
		return (transport instanceof SSLEngine engine) ? engine.getHandshakeSession()
				: (transport instanceof SSLSocket socket) ? socket.getHandshakeSession() : null;
	}

	private boolean isSettled(@Nullable SSLSession session) {
		SSLSessionContext context = (session != null) ? session.getSessionContext() : null;
		if (context != null) {
			this.contexts.add(context);
		}
		return session == null || context != null;
	}

	private static void invalidate(@Nullable SSLSession session) {
		if (session != null) {
			session.invalidate();
		}
	}

}
