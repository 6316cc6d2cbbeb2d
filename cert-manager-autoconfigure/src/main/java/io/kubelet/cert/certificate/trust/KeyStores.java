package io.kubelet.cert.certificate.trust;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.KeyStore.PrivateKeyEntry;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

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
		PrivateKeyEntry placeholder = Placeholder.create(alias + " has no certificate yet");
		return holding(placeholder.getPrivateKey(), placeholder.getCertificateChain(), alias, password);
	}

	/**
	 * Creates a trust store. The certificate path validation of the JDK does not take an
	 * empty one, so Tomcat and Jetty do not start with it. An authority that cannot sign
	 * takes its place.
	 */
	static KeyStore trusting(List<X509Certificate> authorities) {
		return holding((store) -> {
			if (authorities.isEmpty()) {
				store.setCertificateEntry("none",
						Placeholder.create("no certificate authority is trusted").getCertificate());
			}
			for (int i = 0; i < authorities.size(); i++) {
				store.setCertificateEntry("authority-" + i, authorities.get(i));
			}
		});
	}

	private static KeyStore holding(PrivateKey key, Certificate[] chain, String alias, String password) {
		return holding((store) -> store.setKeyEntry(alias, key, password.toCharArray(), chain));
	}

	private static KeyStore holding(Entries entries) {
		try {
			// PKCS12 derives a key from the password for each entry, which takes 30 ms
			KeyStore store = KeyStore.getInstance("JKS");
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

	/**
	 * A key and its certificate for a store that must not be empty. The key is one for
	 * key agreement (X25519): it cannot sign, so no TLS handshake succeeds with it, and
	 * no certificate can be issued with it. The certificate is valid at all times, so
	 * that checks of the store report no expired certificate.
	 * <p>
	 * This is a class of its own because its verification loads Bouncy Castle.
	 */
	private static final class Placeholder {

		/** The end that RFC 5280 defines for certificates without an end. */
		private static final Date NO_END = Date.from(Instant.parse("9999-12-31T23:59:59Z"));

		static PrivateKeyEntry create(String commonName) {
			try {
				KeyPair keys = KeyPairGenerator.getInstance("X25519").generateKeyPair();
				KeyPair signer = KeyPairGenerator.getInstance("EC").generateKeyPair();
				X500Name subject = new X500NameBuilder().addRDN(BCStyle.CN, commonName).build();
				X509Certificate certificate = new JcaX509CertificateConverter()
					.getCertificate(new JcaX509v3CertificateBuilder(subject, new BigInteger(63, new SecureRandom()),
							new Date(0), NO_END, subject, keys.getPublic())
						.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate())));
				return new PrivateKeyEntry(keys.getPrivate(), new Certificate[] { certificate });
			}
			catch (GeneralSecurityException | OperatorCreationException ex) {
				throw new IllegalStateException("Cannot create a placeholder for a key store", ex);
			}
		}

	}

}
