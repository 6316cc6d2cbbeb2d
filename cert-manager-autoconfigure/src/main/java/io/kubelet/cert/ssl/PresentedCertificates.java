package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * The certificates that the last handshakes of a bundle have presented. Followers are not
 * told of each rotation.
 */
final class PresentedCertificates {

	private static final int REMEMBERED = 100;

	private final Set<X509Certificate> leaves = Collections
		.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {

			@Override
			protected boolean removeEldestEntry(Map.Entry<X509Certificate, Boolean> eldest) {
				return size() > REMEMBERED;
			}

		}));

	/** By the socket or engine of each connection that is in use somewhere. */
	private final Map<Object, X509Certificate> connections = Collections.synchronizedMap(new WeakHashMap<>());

	void add(X509Certificate leaf) {
		this.leaves.add(leaf);
	}

	void add(@Nullable Object transport, X509Certificate leaf) {
		if (transport != null) {
			this.connections.put(transport, leaf);
		}
	}

	/** Whether a connection whose handshake presented a certificate is open. */
	boolean isOpen(X509Certificate leaf) {
		synchronized (this.connections) {
			return this.connections.entrySet()
				.stream()
				.anyMatch((connection) -> leaf.equals(connection.getValue()) && Transport.isOpen(connection.getKey()));
		}
	}

	/** Returns those that meet a condition. */
	Set<X509Certificate> matching(Predicate<X509Certificate> condition) {
		synchronized (this.leaves) {
			return this.leaves.stream().filter(condition).collect(Collectors.toSet());
		}
	}

}
