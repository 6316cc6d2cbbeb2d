package io.kubelet.cert.ssl;

import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.Map;
import java.util.Queue;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;

import org.jspecify.annotations.Nullable;

/**
 * The TLS sessions in which a bundle's managers took part. A resumed session continues
 * with the identity of its first handshake. Libraries such as Netty create contexts of
 * their own from the managers, and keep them when the identity changes.
 */
final class Handshakes {

	/** The name of a session value. JSSE issues no ticket for a session with values. */
	private static final String NO_TICKET = "io.kubelet.cert.noTicket";

	/** Sessions that no context keeps yet because their handshakes are not finished. */
	private final Queue<WeakReference<SSLSession>> open = new ConcurrentLinkedQueue<>();

	/** Whether each context is that of a server which may issue tickets. */
	private final Map<SSLSessionContext, Boolean> contexts = Collections.synchronizedMap(new WeakHashMap<>());

	/** Records a handshake, so that its session can be invalidated. */
	void record(@Nullable Object transport) {
		SSLSession session = session(transport);
		settle();
		if (session != null) {
			this.open.add(new WeakReference<>(session));
		}
	}

	/**
	 * Keeps the state of a server's session out of a ticket, which the client holds and
	 * which cannot be taken back at a rotation. OpenSSL issues tickets regardless. Its
	 * session already has a context, which gets new ticket keys at a rotation instead.
	 * <p>
	 * With TLS 1.3, the session counts as not valid for resumption, so there is no
	 * ticket. With TLS 1.2, JSSE has already announced one at this point. It is empty if
	 * the session has values that the application put into it (RFC 5077, section 3.3).
	 * Such a session is kept in the server's memory and invalidated at a rotation.
	 */
	void recordServer(@Nullable Object transport) {
		SSLSession session = session(transport);
		SSLSessionContext context = (session != null) ? session.getSessionContext() : null;
		if (context != null && TicketKeys.areUsed(transport)) {
			this.contexts.put(context, true);
		}
		if (session == null || isSettled(session)) {
			return;
		}
		if (session.getProtocol().equals("TLSv1.3")) {
			session.invalidate();
		}
		else {
			session.putValue(NO_TICKET, true);
			record(transport);
		}
	}

	/** Forces a full handshake for each new connection. */
	void invalidateSessions() {
		settle();
		this.open.forEach((reference) -> invalidate(reference.get()));
		Map<SSLSessionContext, Boolean> contexts;
		synchronized (this.contexts) {
			contexts = Map.copyOf(this.contexts);
		}
		contexts.forEach((context, issuesTickets) -> {
			if (issuesTickets) {
				TicketKeys.replace(context);
			}
			Collections.list(context.getIds()).forEach((id) -> invalidate(context.getSession(id)));
		});
	}

	private void settle() {
		this.open.removeIf((reference) -> isSettled(reference.get()));
	}

	private static @Nullable SSLSession session(@Nullable Object transport) {
		return (transport instanceof SSLEngine engine) ? engine.getHandshakeSession()
				: (transport instanceof SSLSocket socket) ? socket.getHandshakeSession() : null;
	}

	private boolean isSettled(@Nullable SSLSession session) {
		SSLSessionContext context = (session != null) ? session.getSessionContext() : null;
		if (context != null) {
			this.contexts.putIfAbsent(context, false);
		}
		return session == null || context != null;
	}

	/**
	 * A server must send a ticket that it has announced, so its session stays.
	 */
	private static void invalidate(@Nullable SSLSession session) {
		if (session != null && (session.getSessionContext() != null || session.getValue(NO_TICKET) == null)) {
			session.invalidate();
		}
	}

}
