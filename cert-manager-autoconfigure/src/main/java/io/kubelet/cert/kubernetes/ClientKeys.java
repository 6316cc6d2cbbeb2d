package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

import io.kubelet.cert.certificate.CertificatePair;

/**
 * Presents one pair as a client certificate.
 */
final class ClientKeys {

	private ClientKeys() {
	}

	static KeyManager[] of(CertificatePair pair) {
		try {
			KeyStore store = KeyStore.getInstance("PKCS12");
			store.load(null, null);
			store.setKeyEntry("current", pair.privateKey(), new char[0], pair.chain().toArray(X509Certificate[]::new));
			KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
			factory.init(store, new char[0]);
			return factory.getKeyManagers();
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalStateException("The pair cannot be used by a client", ex);
		}
	}

}
