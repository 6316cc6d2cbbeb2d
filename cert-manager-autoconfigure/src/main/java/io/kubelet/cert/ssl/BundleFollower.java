package io.kubelet.cert.ssl;

/**
 * Something that keeps connections, such as a server, a client or a pool. New connections
 * use the current identity by themselves; a follower replaces those that exist.
 */
@FunctionalInterface
public interface BundleFollower {

	/**
	 * Called after each change of a bundle's identity, before the update handlers of the
	 * application. The calls of one bundle do not overlap.
	 * @param bundleName the name of the bundle
	 * @param before the identity that existing connections may have
	 * @param after the identity of new connections
	 */
	void updated(String bundleName, Identity before, Identity after);

}
