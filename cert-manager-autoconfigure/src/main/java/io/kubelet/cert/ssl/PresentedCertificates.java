package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

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

	void add(X509Certificate leaf) {
		this.leaves.add(leaf);
	}

	/** Returns those that meet a condition. */
	Set<X509Certificate> matching(Predicate<X509Certificate> condition) {
		synchronized (this.leaves) {
			return this.leaves.stream().filter(condition).collect(Collectors.toSet());
		}
	}

}
