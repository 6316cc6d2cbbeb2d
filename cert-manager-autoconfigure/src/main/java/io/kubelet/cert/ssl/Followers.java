package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

import io.kubelet.cert.rotation.CertificateManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The followers of a bundle. One is forgotten when nothing else refers to it.
 */
final class Followers {

	private static final Logger logger = LoggerFactory.getLogger(Followers.class);

	private final Set<CertificateManager.Follower> followers = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	void add(CertificateManager.Follower follower) {
		this.followers.add(follower);
	}

	/** Whether one has connections that present a certificate. */
	boolean hold(X509Certificate leaf) {
		return List.copyOf(this.followers)
			.stream()
			.anyMatch((follower) -> follower instanceof ConnectionHolder holder && holder.holds(leaf));
	}

	/** Calls each one, whatever the others do. */
	void update(String bundleName) {
		List.copyOf(this.followers).forEach((follower) -> update(follower, bundleName));
	}

	static void update(CertificateManager.Follower follower, String bundleName) {
		try {
			follower.updated(bundleName);
		}
		catch (RuntimeException | LinkageError ex) {
			logger.error("{} failed to follow the SSL bundle '{}', so its connections may remain in use",
					follower.getClass().getName(), bundleName, ex);
		}
	}

}
