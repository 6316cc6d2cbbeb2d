package io.kubelet.cert.ssl;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Collections;
import java.util.Set;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import org.jspecify.annotations.Nullable;

/**
 * What a certificate is presented as.
 */
public enum TlsRole {

	/** To clients, which compare the names with the address that they call. */
	SERVER(Usage.SERVER_AUTH),

	/** To servers. */
	CLIENT(Usage.CLIENT_AUTH);

	/** DNS names, URIs and IP addresses (RFC 5280, 4.2.1.6). */
	private static final Set<?> NAMES_OF_SERVERS = Set.of(2, 6, 7);

	private static final Set<?> NAMES_OF_HOSTS = Set.of(2, 7);

	private static final String NO_NAME = "it contains neither a DNS name nor an IP address nor a URI";

	private final Usage usage;

	TlsRole(Usage usage) {
		this.usage = usage;
	}

	/**
	 * Returns why peers refuse a certificate, whoever issued it.
	 * @param leaf the certificate
	 * @return what it lacks, {@code null} if nothing
	 */
	public @Nullable String objection(X509Certificate leaf) {
		return (this == SERVER && !isNamed(leaf)) ? NO_NAME : exclusion(leaf);
	}

	/**
	 * Returns why peers would refuse the certificate that is requested.
	 * @param template the template
	 * @param usages the usages
	 * @return what it would lack, {@code null} if nothing
	 */
	public @Nullable String objection(CertificateTemplate template, Collection<Usage> usages) {
		boolean named = !template.dnsNames().isEmpty() || !template.ipAddresses().isEmpty()
				|| !template.uris().isEmpty();
		return (this == SERVER && !named) ? NO_NAME : this.usage.isExcludedBy(usages) ? exclusion() : null;
	}

	/**
	 * Returns why all peers refuse a certificate: some of them take the name of a server
	 * from the common name.
	 * @param leaf the certificate
	 * @return the usage that it lacks, {@code null} if none
	 */
	public @Nullable String exclusion(X509Certificate leaf) {
		return this.usage.isCarriedBy(leaf) ? null : exclusion();
	}

	private String exclusion() {
		return "it excludes '" + this.usage + "'";
	}

	/**
	 * Returns whether a certificate names a host.
	 * @param leaf the certificate
	 * @return whether it has a DNS name or an IP address
	 */
	public static boolean namesHost(X509Certificate leaf) {
		return hasName(leaf, NAMES_OF_HOSTS);
	}

	private static boolean isNamed(X509Certificate leaf) {
		return hasName(leaf, NAMES_OF_SERVERS);
	}

	private static boolean hasName(X509Certificate leaf, Set<?> types) {
		try {
			return !Collections.disjoint(CertificateNames.alternativeNames(leaf).keySet(), types);
		}
		catch (CertificateParsingException ex) {
			return false;
		}
	}

}
