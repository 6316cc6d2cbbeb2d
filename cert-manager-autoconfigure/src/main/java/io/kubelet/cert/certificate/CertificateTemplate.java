package io.kubelet.cert.certificate;

import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;

/**
 * The subject and the subject alternative names that a certificate should have.
 *
 * @param commonName the subject's common name, {@code null} for none
 * @param organizations the subject's organizations
 * @param dnsNames the DNS names
 * @param ipAddresses the IP addresses
 * @param uris the URIs
 * @param emailAddresses the e-mail addresses
 */
public record CertificateTemplate(@Nullable String commonName, List<String> organizations, List<String> dnsNames,
		List<InetAddress> ipAddresses, List<String> uris, List<String> emailAddresses) {

	private static final int MAXIMUM_ADDITIONAL = 10;

	public CertificateTemplate {
		organizations = List.copyOf(organizations);
		dnsNames = List.copyOf(dnsNames);
		ipAddresses = List.copyOf(ipAddresses);
		uris = List.copyOf(uris);
		emailAddresses = List.copyOf(emailAddresses);
	}

	/**
	 * Returns the names in a certificate, as the template that it satisfies exactly.
	 * @param certificate the certificate
	 * @return the names in it
	 * @throws IllegalArgumentException if its subject alternative names cannot be read
	 */
	public static CertificateTemplate of(X509Certificate certificate) {
		try {
			Map<Integer, List<String>> names = CertificateNames.alternativeNames(certificate);
			Map<String, List<String>> subject = CertificateNames.subject(certificate);
			return new CertificateTemplate(CertificateNames.commonName(subject), subject.getOrDefault("O", List.of()),
					names.getOrDefault(GeneralName.dNSName, List.of()),
					names.getOrDefault(GeneralName.iPAddress, List.of())
						.stream()
						.map(CertificateNames::parseIpAddress)
						.toList(),
					names.getOrDefault(GeneralName.uniformResourceIdentifier, List.of()),
					names.getOrDefault(GeneralName.rfc822Name, List.of()));
		}
		catch (CertificateParsingException | RuntimeException ex) {
			throw new IllegalArgumentException("The subject alternative names of the certificate with serial number "
					+ CertificateNames.serialNumber(certificate) + " cannot be read", ex);
		}
	}

	/**
	 * Creates a template with a subject and no subject alternative names, as for a
	 * client. The methods that begin with {@code with} add names.
	 * @param commonName the common name
	 * @param organizations the organizations
	 * @return the template
	 */
	public static CertificateTemplate ofSubject(@Nullable String commonName, String... organizations) {
		return new CertificateTemplate(commonName, List.of(organizations), List.of(), List.of(), List.of(), List.of());
	}

	/**
	 * Returns this template with other DNS names.
	 * @param dnsNames the DNS names
	 * @return the new template
	 */
	public CertificateTemplate withDnsNames(List<String> dnsNames) {
		return new CertificateTemplate(this.commonName, this.organizations, dnsNames, this.ipAddresses, this.uris,
				this.emailAddresses);
	}

	/**
	 * Returns this template with other IP addresses.
	 * @param ipAddresses the IP addresses
	 * @return the new template
	 */
	public CertificateTemplate withIpAddresses(List<InetAddress> ipAddresses) {
		return new CertificateTemplate(this.commonName, this.organizations, this.dnsNames, ipAddresses, this.uris,
				this.emailAddresses);
	}

	/**
	 * Returns this template with other URIs.
	 * @param uris the URIs
	 * @return the new template
	 */
	public CertificateTemplate withUris(List<String> uris) {
		return new CertificateTemplate(this.commonName, this.organizations, this.dnsNames, this.ipAddresses, uris,
				this.emailAddresses);
	}

	/**
	 * Returns this template with other e-mail addresses.
	 * @param emailAddresses the e-mail addresses
	 * @return the new template
	 */
	public CertificateTemplate withEmailAddresses(List<String> emailAddresses) {
		return new CertificateTemplate(this.commonName, this.organizations, this.dnsNames, this.ipAddresses, this.uris,
				emailAddresses);
	}

	/**
	 * Whether a certificate satisfies this template: it has the same common name and
	 * every organization and subject alternative name of the template. Additional ones in
	 * the certificate do not matter.
	 * @param certificate the certificate, {@code null} if there is none
	 * @return {@code true} if it does
	 */
	public boolean isSatisfiedBy(@Nullable X509Certificate certificate) {
		return certificate != null && differences(certificate).isEmpty();
	}

	/**
	 * Returns how a certificate differs from this template. A certificate whose names
	 * cannot be read satisfies no template.
	 * @param certificate the certificate
	 * @return a sentence for each field that differs, empty if the template is satisfied
	 */
	public List<String> differences(X509Certificate certificate) {
		CertificateTemplate actual;
		try {
			actual = of(certificate);
		}
		catch (IllegalArgumentException ex) {
			return List.of(String.valueOf(ex.getMessage()));
		}
		List<String> differences = new ArrayList<>();
		if (!Objects.equals(this.commonName, actual.commonName)) {
			differences.add((actual.commonName == null) ? "common name is missing ('" + this.commonName + "')"
					: "common name is '%s', %s".formatted(ExternalText.clean(actual.commonName),
							(this.commonName != null) ? "not '" + this.commonName + "'" : "but none is requested"));
		}
		addMissing(differences, "organizations", missing(this.organizations, actual.organizations));
		addMissing(differences, "DNS names", missingDnsNames(this.dnsNames, actual.dnsNames));
		addMissing(differences, "IP addresses", missing(this.ipAddresses, actual.ipAddresses));
		addMissing(differences, "URIs", missing(this.uris, actual.uris));
		addMissing(differences, "e-mail addresses", missing(this.emailAddresses, actual.emailAddresses));
		return differences;
	}

	/**
	 * Returns the names in a certificate that are not in this template. A DNS name that
	 * repeats the common name is not one of them. After ten names, the last text says how
	 * many more there are.
	 * @param certificate the certificate, whose names can be read
	 * @return the names with their type, such as {@code DNS:a.example.com}
	 */
	public List<String> additionalNames(X509Certificate certificate) {
		CertificateTemplate actual = of(certificate);
		List<String> additional = new ArrayList<>();
		missing(actual.organizations, this.organizations).forEach((name) -> additional.add("O:" + name));
		missingDnsNames(actual.dnsNames, this.dnsNames).filter((name) -> !name.equalsIgnoreCase(this.commonName))
			.forEach((name) -> additional.add("DNS:" + name));
		missing(actual.ipAddresses, this.ipAddresses).forEach((name) -> additional.add("IP:" + name));
		missing(actual.uris, this.uris).forEach((name) -> additional.add("URI:" + name));
		missing(actual.emailAddresses, this.emailAddresses).forEach((name) -> additional.add("email:" + name));
		int more = additional.size() - MAXIMUM_ADDITIONAL;
		return Stream
			.concat(additional.stream().limit(MAXIMUM_ADDITIONAL).map(ExternalText::clean),
					(more > 0) ? Stream.of(more + " more") : Stream.empty())
			.toList();
	}

	private static void addMissing(List<String> differences, String field, Stream<String> missing) {
		List<String> names = missing.toList();
		if (!names.isEmpty()) {
			differences.add(field + " lack " + names);
		}
	}

	/** The case of a DNS name does not matter (RFC 4343). */
	private static Stream<String> missingDnsNames(List<String> expected, List<String> actual) {
		return expected.stream().filter((name) -> actual.stream().noneMatch(name::equalsIgnoreCase));
	}

	private static Stream<String> missing(Collection<?> expected, Collection<?> actual) {
		return expected.stream()
			.filter((value) -> !actual.contains(value))
			.map((value) -> (value instanceof InetAddress address) ? address.getHostAddress() : value.toString());
	}

}
