package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;

import io.kubelet.cert.rotation.CertificateManager;

/**
 * A follower that knows its connections.
 */
public interface ConnectionHolder extends CertificateManager.Follower {

	/**
	 * Returns whether connections present a certificate.
	 * @param leaf the certificate
	 * @return {@code true} if one does
	 */
	boolean holds(X509Certificate leaf);

}
