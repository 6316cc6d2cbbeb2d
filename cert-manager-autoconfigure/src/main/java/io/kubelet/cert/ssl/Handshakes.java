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
 * Remembers where the sessions are kept that a bundle's managers took part in. There are
 * libraries that make contexts of their own from the managers, Netty among them: their
 * sessions end with the identity by being invalidated.
 */
final class Handshakes {

	/** Sessions that no context keeps yet, since their handshakes are under way. */
	private final Queue<WeakReference<SSLSession>> open = new ConcurrentLinkedQueue<>();

	private final Set<SSLSessionContext> contexts = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	void record(@Nullable Object transport) {
		SSLSession session = (transport instanceof SSLEngine engine) ? engine.getHandshakeSession()
				: (transport instanceof SSLSocket socket) ? socket.getHandshakeSession() : null;
		this.open.removeIf((reference) -> isSettled(reference.get()));
		if (session != null) {
			this.open.add(new WeakReference<>(session));
		}
	}

	/** See to it that each new connection makes a full handshake. */
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
