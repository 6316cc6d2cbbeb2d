package io.kubelet.cert.certificate.trust;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.Provider;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import org.jspecify.annotations.Nullable;

/**
 * Creates key stores.
 */
public final class KeyStores {

	/**
	 * Its key is one for key agreement (X25519), so it cannot sign. It is valid at all
	 * times, so that checks of the store report no expired certificate.
	 */
	private static final String NO_AUTHORITY = """
			-----BEGIN CERTIFICATE-----
			MIIBIjCByaADAgECAggklc3FDtJIpDAKBggqhkjOPQQDAjAuMSwwKgYDVQQDDCNu
			byBjZXJ0aWZpY2F0ZSBhdXRob3JpdHkgaXMgdHJ1c3RlZDAgFw03MDAxMDEwMDAw
			MDBaGA85OTk5MTIzMTIzNTk1OVowLjEsMCoGA1UEAwwjbm8gY2VydGlmaWNhdGUg
			YXV0aG9yaXR5IGlzIHRydXN0ZWQwKjAFBgMrZW4DIQBLkOgtiaOFYd0fEKhsEm/l
			B94od2Aq3hmb0SUTM4zKFTAKBggqhkjOPQQDAgNIADBFAiBms5m2BXmO3MGNNnGt
			V+mkqXcIhQkttMo+qJyaGBFBPwIhAOZ82mcaJoRWyc3JOo5QThTgGYMhYULBnrNa
			4CGtK46s
			-----END CERTIFICATE-----
			""";

	private static final String AUTHORITY = "authority-";

	private KeyStores() {
	}

	/**
	 * Creates a key store with a pair that exists in memory only.
	 * @param pair the pair
	 * @param alias its alias
	 * @param password the password of its key
	 * @return the key store
	 */
	public static KeyStore holding(CertificatePair pair, String alias, String password) {
		return inMemory(entry(pair, alias, password));
	}

	/** Creates a trust store that exists in memory only. */
	static KeyStore trusting(List<X509Certificate> authorities) {
		return inMemory(entries(authorities));
	}

	/**
	 * Creates the content of a PKCS#12 file with a pair.
	 * @param pair the pair
	 * @param alias its alias
	 * @param password the password of the file and of the key
	 * @return the content
	 */
	public static byte[] pkcs12(CertificatePair pair, String alias, String password) {
		return pkcs12(entry(pair, alias, password), password);
	}

	/**
	 * Creates the content of a PKCS#12 file with authorities.
	 * @param authorities the authorities
	 * @param password the password of the file
	 * @return the content
	 */
	public static byte[] pkcs12(List<X509Certificate> authorities, String password) {
		return pkcs12(entries(authorities), password);
	}

	private static Entries entry(CertificatePair pair, String alias, String password) {
		return (store) -> store.setKeyEntry(alias, pair.privateKey(), password.toCharArray(),
				pair.chain().toArray(X509Certificate[]::new));
	}

	private static Entries entries(List<X509Certificate> authorities) {
		List<X509Certificate> all = atLeastOne(authorities);
		return (store) -> {
			for (int i = 0; i < all.size(); i++) {
				store.setCertificateEntry(AUTHORITY + i, all.get(i));
			}
		};
	}

	/**
	 * Returns authorities for a place that must not be empty. The certificate path
	 * validation of the JDK does not take an empty trust store, and other programs may
	 * take an empty file for the authorities of the system.
	 * @param authorities the authorities
	 * @return the authorities; one that cannot sign if there are none
	 */
	public static List<X509Certificate> atLeastOne(List<X509Certificate> authorities) {
		return authorities.isEmpty() ? Pem.readCertificates(NO_AUTHORITY) : authorities;
	}

	/** Returns whether a trust store is one of ours, or there is none. */
	public static boolean isTrust(@Nullable KeyStore store) {
		try {
			return store == null || store.containsAlias(AUTHORITY + 0);
		}
		catch (KeyStoreException ex) {
			return false;
		}
	}

	private static KeyStore inMemory(Entries entries) {
		// PKCS12 derives a key from the password for each entry, which takes 30 ms
		return create("JKS", entries);
	}

	private static byte[] pkcs12(Entries entries, String password) {
		try {
			ByteArrayOutputStream content = new ByteArrayOutputStream();
			create("PKCS12", entries).store(content, password.toCharArray());
			return content.toByteArray();
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalStateException("Cannot create a key store", ex);
		}
	}

	/** By the JDK: others take ciphers for PKCS12 that OpenSSL 3 does not read. */
	private static KeyStore create(String type, Entries entries) {
		try {
			Provider jdk = Security.getProvider("SUN");
			KeyStore store = (jdk != null && jdk.getService("KeyStore", type) != null) ? KeyStore.getInstance(type, jdk)
					: KeyStore.getInstance(type);
			store.load(null, null);
			entries.addTo(store);
			return store;
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalStateException("Cannot create a key store", ex);
		}
	}

	private interface Entries {

		void addTo(KeyStore store) throws GeneralSecurityException;

	}

}
