package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Creates key stores that exist in memory only.
 */
public final class KeyStores {

	private KeyStores() {
	}

	/**
	 * Creates a key store with a pair.
	 * @param pair the pair
	 * @param alias its alias
	 * @param password the password of its key
	 * @return the key store
	 */
	public static KeyStore holding(CertificatePair pair, String alias, String password) {
		return holding(pair.privateKey(), pair.chain().toArray(X509Certificate[]::new), alias, password);
	}

	/**
	 * Creates a key store for a server that has no certificate yet. Servers do not start
	 * without a key, so the store holds one that no handshake succeeds with.
	 * @param alias the alias of the key
	 * @param password the password of the key
	 * @return the key store
	 */
	public static KeyStore refusing(String alias, String password) {
		UnusableKey unusable = UnusableKey.create(alias + " has no certificate yet");
		return holding(unusable.key(), new X509Certificate[] { unusable.certificate() }, alias, password);
	}

	static KeyStore trusting(List<X509Certificate> authorities) {
		try {
			KeyStore store = empty();
			for (int i = 0; i < authorities.size(); i++) {
				store.setCertificateEntry("authority-" + i, authorities.get(i));
			}
			return store;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("Cannot create a trust store with the certificate authorities", ex);
		}
	}

	private static KeyStore holding(PrivateKey key, Certificate[] chain, String alias, String password) {
		try {
			KeyStore store = empty();
			store.setKeyEntry(alias, key, password.toCharArray(), chain);
			return store;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("Cannot create a key store with the alias '" + alias + "'", ex);
		}
	}

	private static KeyStore empty() throws GeneralSecurityException {
		try {
			// PKCS12 derives a key from the password for each entry, which takes 30 ms
			KeyStore store = KeyStore.getInstance("JKS");
			store.load(null, null);
			return store;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
