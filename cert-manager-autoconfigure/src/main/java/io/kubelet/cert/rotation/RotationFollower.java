package io.kubelet.cert.rotation;

/**
 * Takes over each change before listeners are called. Examples are an SSL bundle, which
 * follows a certificate, and a pool of connections, which follows an SSL bundle. For use
 * inside the starter: an application uses a {@link RotationListener}.
 */
@FunctionalInterface
public interface RotationFollower {

	/**
	 * Called after each change. The calls of one certificate or bundle do not overlap.
	 * @param name the name of the certificate or bundle, whose current state applies
	 */
	void updated(String name);

}
