package io.kubelet.cert.ssl.drain;

/**
 * What to do with the connections of a library after a rotation. New connections present
 * the new pair by themselves. Those that exist were made with the previous one, and the
 * library continues to use them until it is told not to.
 * <p>
 * Each bean of this type is called once the SSL bundle holds the new pair, on a thread of
 * its own. What it throws is logged. The rotation waits for it for up to 5 seconds.
 */
@FunctionalInterface
public interface ConnectionDrain {

	/**
	 * Lets the library give up its connections without losing what they are used for.
	 * @param bundleName the name of the SSL bundle, of which a pair or trusted authority
	 * was replaced
	 */
	void drain(String bundleName);

}
