package io.kubelet.cert.certificate.trust;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Set;

import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.ExternalText;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities whose certificates are accepted: those of the JDK, or
 * exactly the given ones. If none are given, no certificate is accepted. Two values are
 * equal if they have the same authorities, in any order: the kubelet writes those of a
 * volume in another order every few minutes.
 */
public sealed interface Trust {

	/**
	 * Trusts the authorities that the JDK trusts.
	 * @return the trust
	 */
	static Trust system() {
		return Jdk.INSTANCE;
	}

	/**
	 * Trusts the given authorities and no others.
	 * @param authorities the authorities; if there are none, no certificate is accepted
	 * @return the trust
	 */
	static Trust exactly(Collection<X509Certificate> authorities) {
		return new Exactly(authorities.stream().distinct().toList());
	}

	/**
	 * Returns the authorities, whether they were given or are those of the JDK.
	 * @return the authorities, empty if no certificate is accepted
	 */
	List<X509Certificate> authorities();

	/**
	 * Returns a trust store with the authorities.
	 * @return the store; {@code null} for the authorities of the JDK, which is how JSSE
	 * and Spring Boot denote them
	 */
	@Nullable KeyStore store();

	/**
	 * Creates a trust manager that accepts certificates of the authorities.
	 * @return the trust manager
	 * @throws CertificateException if there is no authority, so that any certificate is
	 * to be rejected
	 */
	default X509ExtendedTrustManager manager() throws CertificateException {
		try {
			TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			factory.init(store());
			return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
		}
		catch (GeneralSecurityException ex) {
			throw new CertificateException("Cannot create a trust manager for " + this, ex);
		}
	}

	/**
	 * Trust in the authorities of the JDK.
	 */
	enum Jdk implements Trust {

		/** The only instance. */
		INSTANCE;

		@Override
		public List<X509Certificate> authorities() {
			try {
				return List.of(manager().getAcceptedIssuers());
			}
			catch (CertificateException ex) {
				throw new IllegalStateException("Cannot read the certificate authorities of the JDK", ex);
			}
		}

		@Override
		public @Nullable KeyStore store() {
			return null;
		}

	}

	/**
	 * Trust in certain authorities and no others.
	 *
	 * @param authorities the authorities
	 */
	record Exactly(List<X509Certificate> authorities) implements Trust {

		public Exactly {
			authorities = List.copyOf(authorities);
		}

		@Override
		public boolean equals(@Nullable Object other) {
			return other instanceof Exactly exactly && (this.authorities.equals(exactly.authorities)
					|| Set.copyOf(this.authorities).equals(Set.copyOf(exactly.authorities)));
		}

		@Override
		public int hashCode() {
			return Set.copyOf(this.authorities).hashCode();
		}

		@Override
		public KeyStore store() {
			return KeyStores.trusting(this.authorities);
		}

		@Override
		public X509ExtendedTrustManager manager() throws CertificateException {
			if (this.authorities.isEmpty()) {
				throw new CertificateException("No certificate authority is trusted, so the certificate is rejected");
			}
			return Trust.super.manager();
		}

		@Override
		public String toString() {
			return "exactly " + this.authorities.stream().map(ExternalText::subject).toList();
		}

	}

}
