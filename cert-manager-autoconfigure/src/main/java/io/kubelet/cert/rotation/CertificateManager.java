package io.kubelet.cert.rotation;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;

/**
 * Holds one certificate and rotates it as the kubelet's certificate manager does: long
 * before the certificate expires, it generates a new key, requests a certificate for it,
 * stores the pair and uses it in place of the old one.
 * <p>
 * Every method may be called from any thread, and none blocks.
 */
public interface CertificateManager {

	/**
	 * Returns the name of the certificate, which is its pair name.
	 * @return the name
	 */
	String name();

	/**
	 * Starts rotating. A second call has no effect.
	 */
	void start();

	/**
	 * States that the application waits for its first certificate from now on. No pause
	 * between attempts is then longer than half of the time that is left, unless the API
	 * server asks for one.
	 * @param timeout after which the application gives up
	 */
	default void awaitedFor(Duration timeout) {
	}

	/**
	 * Stops rotating permanently: an attempt in progress is cancelled, and nothing stays
	 * scheduled. The current pair and the pending request remain stored. A second call
	 * has no effect.
	 */
	void stop();

	/**
	 * Returns the current pair. This is a volatile read.
	 * @return the pair; empty if there is none that is valid
	 */
	Optional<CertificatePair> current();

	/**
	 * Returns all that is known about the certificate now.
	 * @return a snapshot
	 */
	CertificateStatus status();

	/**
	 * Rotates now, whatever the deadline. A rotation that is in progress is joined, not
	 * repeated. Another one can be requested 10 seconds after the last request, unless
	 * the settings contain another interval.
	 * @return the new pair, as soon as SSL bundles, servers and clients have it;
	 * exceptionally with the failure of this attempt, after which the manager retries by
	 * itself, or with a {@link RotationThrottledException} if it is too early; cancelled
	 * if the manager is stopped or has no signer. It completes on a thread that may
	 * block, or on any thread if none can be started for it
	 */
	CompletableFuture<CertificatePair> rotate();

	/**
	 * Adds a listener.
	 * @param listener the listener, called from the next event on
	 */
	void addListener(RotationListener listener);

	/**
	 * Adds a follower, which has the new pair before listeners are called. Listeners wait
	 * for all followers, but no longer than 10 seconds. It is also called when only the
	 * authorities of the pair change, which is no event.
	 * @param follower the follower, called from the next change on
	 */
	void addFollower(Follower follower);

	/**
	 * Takes over each change before listeners are called. Examples are an SSL bundle,
	 * which has the pair of a certificate, and a pool of connections with that bundle.
	 * For use inside the starter: an application uses a {@link RotationListener}.
	 */
	@FunctionalInterface
	interface Follower {

		/**
		 * Called after each change. The calls of one certificate or bundle do not
		 * overlap.
		 * @param name the name of the certificate or bundle, whose current state applies
		 */
		void updated(String name);

	}

}
