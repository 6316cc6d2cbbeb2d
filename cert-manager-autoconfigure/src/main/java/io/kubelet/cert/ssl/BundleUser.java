package io.kubelet.cert.ssl;

import org.springframework.boot.ssl.SslBundle;

/**
 * A server or client that follows a live SSL bundle.
 */
@FunctionalInterface
public interface BundleUser {

	/**
	 * Takes over an update. Updates of one bundle come one at a time, before the update
	 * handlers of the registry run.
	 * @param bundle the bundle, with stores of this moment
	 */
	void update(SslBundle bundle);

}
