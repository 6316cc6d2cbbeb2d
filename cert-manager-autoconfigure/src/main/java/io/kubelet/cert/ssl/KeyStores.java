package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;

/**
 * Makes key stores that live in memory only.
 */
final class KeyStores {

	private static final SecureRandom random = new SecureRandom();

	private KeyStores() {
	}

	static String randomPassword() {
		byte[] password = new byte[16];
		random.nextBytes(password);
		return HexFormat.of().formatHex(password);
	}

	static KeyStore holding(CertificatePair pair, String alias, String password) {
		try {
			KeyStore store = empty();
			store.setKeyEntry(alias, pair.privateKey(), password.toCharArray(),
					pair.chain().toArray(X509Certificate[]::new));
			return store;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("The pair cannot be put into a key store", ex);
		}
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
			throw new IllegalStateException("The authorities cannot be put into a trust store", ex);
		}
	}

	private static KeyStore empty() throws GeneralSecurityException {
		try {
			KeyStore store = KeyStore.getInstance("PKCS12");
			store.load(null, null);
			return store;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
