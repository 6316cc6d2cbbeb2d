package io.kubelet.cert.ssl;

import java.lang.ref.WeakReference;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
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
	private final Map<Object, Presented> connections = Collections.synchronizedMap(new WeakHashMap<>());

	void add(X509Certificate leaf) {
		this.leaves.add(leaf);
	}

	/**
	 * Adds a connection whose handshake presents a certificate.
	 * @param transport its socket or engine, {@code null} if it is not known
	 * @param leaf the certificate
	 * @param tellsEnd whether the transport knows when the connection is closed
	 */
	void add(@Nullable Object transport, X509Certificate leaf, boolean tellsEnd) {
		if (transport != null) {
			this.connections.put(transport, new Presented(leaf, tellsEnd ? null : new Object()));
		}
	}

	/** Whether a connection that presented a certificate is certainly open. */
	boolean isOpen(X509Certificate leaf) {
		return any(leaf, Presented::hasOutlivedItsTime);
	}

	/** Whether one may be open, or is closed and not collected as garbage yet. */
	boolean mayBeOpen(X509Certificate leaf) {
		return any(leaf, (connection) -> true);
	}

	private boolean any(X509Certificate leaf, Predicate<Presented> condition) {
		List<Map.Entry<Object, Presented>> presenting;
		synchronized (this.connections) {
			presenting = this.connections.entrySet()
				.stream()
				.filter((connection) -> connection.getValue().leaf.equals(leaf))
				.toList();
		}
		// Not above: a handshake that waits for this lock has that of its engine
		return presenting.stream()
			.filter((connection) -> Transport.isOpen(connection.getKey()))
			.anyMatch((connection) -> condition.test(connection.getValue()));
	}

	/** Returns those that meet a condition. */
	Set<X509Certificate> matching(Predicate<X509Certificate> condition) {
		synchronized (this.leaves) {
			return this.leaves.stream().filter(condition).collect(Collectors.toSet());
		}
	}

	/**
	 * What a connection presented. The JDK's HTTP client does not tell an engine that the
	 * connection is closed: the engine is in use if it is still there when other objects
	 * of its age have been collected as garbage.
	 */
	private static final class Presented {

		private final X509Certificate leaf;

		/** As old as the connection, and kept until somebody wants to know. */
		private @Nullable Object ofSameAge;

		private final WeakReference<@Nullable Object> collected;

		Presented(X509Certificate leaf, @Nullable Object ofSameAge) {
			this.leaf = leaf;
			this.ofSameAge = ofSameAge;
			this.collected = new WeakReference<>(ofSameAge);
		}

		boolean hasOutlivedItsTime() {
			this.ofSameAge = null;
			return this.collected.refersTo(null);
		}

	}

}
