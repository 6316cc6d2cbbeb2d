package io.kubelet.cert.certificate.trust;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.ExternalText;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities whose certificates are accepted: the given ones and, only
 * if it says so, those of the JDK. If there are none, no certificate is accepted. Two
 * values are equal if they have the same authorities, in any order: the kubelet writes
 * those of a volume in another order every few minutes.
 *
 * @param jdk whether the authorities of the JDK are trusted
 * @param given the other authorities that are trusted
 */
public record Trust(boolean jdk, List<X509Certificate> given) {

	private static final Trust SYSTEM = new Trust(true, List.of());

	public Trust {
		given = given.stream().distinct().toList();
	}

	/**
	 * Trusts the authorities that the JDK trusts.
	 * @return the trust
	 */
	public static Trust system() {
		return SYSTEM;
	}

	/**
	 * Trusts the given authorities and no others.
	 * @param authorities the authorities; if there are none, no certificate is accepted
	 * @return the trust
	 */
	public static Trust exactly(Collection<X509Certificate> authorities) {
		return new Trust(false, List.copyOf(authorities));
	}

	/**
	 * Trusts the authorities of both.
	 * @param other the other trust
	 * @return the trust
	 */
	public Trust and(Trust other) {
		return new Trust(this.jdk || other.jdk, Stream.concat(this.given.stream(), other.given.stream()).toList());
	}

	/**
	 * Returns all authorities, whether they were given or are those of the JDK.
	 * @return the authorities, empty if no certificate is accepted
	 */
	public List<X509Certificate> authorities() {
		return this.jdk ? Stream.concat(this.given.stream(), ofJdk().stream()).distinct().toList() : this.given;
	}

	private static List<X509Certificate> ofJdk() {
		try {
			return List.of(SYSTEM.manager().getAcceptedIssuers());
		}
		catch (CertificateException ex) {
			throw new IllegalStateException("Cannot read the certificate authorities of the JDK", ex);
		}
	}

	/**
	 * Returns a trust store with the authorities.
	 * @return the store; {@code null} for exactly the authorities of the JDK, which is
	 * how JSSE and Spring Boot denote them
	 */
	public @Nullable KeyStore store() {
		return (this.jdk && this.given.isEmpty()) ? null : KeyStores.trusting(authorities());
	}

	/**
	 * Creates a trust manager that accepts certificates of the authorities.
	 * @return the trust manager
	 * @throws CertificateException if there is no authority, so that any certificate is
	 * to be rejected
	 */
	public X509ExtendedTrustManager manager() throws CertificateException {
		if (!this.jdk && this.given.isEmpty()) {
			throw new CertificateException("No certificate authority is trusted, so the certificate is rejected");
		}
		try {
			TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			factory.init(store());
			return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
		}
		catch (GeneralSecurityException ex) {
			throw new CertificateException("Cannot create a trust manager for " + this, ex);
		}
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return this == other || (other instanceof Trust trust && this.jdk == trust.jdk
				&& (this.given.equals(trust.given) || Set.copyOf(this.given).equals(Set.copyOf(trust.given))));
	}

	@Override
	public int hashCode() {
		return Set.copyOf(this.given).hashCode();
	}

	@Override
	public String toString() {
		return (this.jdk ? "those of the JDK and " : "exactly ")
				+ this.given.stream().map(ExternalText::subject).toList();
	}

}
