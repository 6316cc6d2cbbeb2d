package io.kubelet.cert.certificate;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

import org.jspecify.annotations.Nullable;

/**
 * Reads the names in a certificate. It does so with the JDK, so that a start with a
 * stored certificate does not load Bouncy Castle.
 */
public final class CertificateNames {

	/** The object identifier of the extension (RFC 5280, 4.2.1.6). */
	private static final String ALTERNATIVE_NAMES = "2.5.29.17";

	private static final String OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

	/** The JDK never resolves a text with a colon. */
	private static final Pattern IP_ADDRESS = Pattern
		.compile("(" + OCTET + "\\.){3}" + OCTET + "|(?=.*:)[0-9a-fA-F:][0-9a-fA-F:.]*");

	private CertificateNames() {
	}

	/**
	 * Returns the common name of a certificate's subject.
	 * @param certificate the certificate
	 * @return the first common name, {@code null} if there is none
	 */
	public static @Nullable String commonName(X509Certificate certificate) {
		return commonName(subject(certificate));
	}

	/**
	 * Returns whether a DNS name, a URI or an e-mail address has only characters that one
	 * in a certificate can have: those of ASCII (RFC 5280, 4.2.1.6).
	 * @param name the name
	 * @return whether it has
	 */
	public static boolean isAscii(String name) {
		return StandardCharsets.US_ASCII.newEncoder().canEncode(name);
	}

	/**
	 * Returns whether a text has the form of an IP address.
	 * @param text an IPv4 or IPv6 address, or anything else
	 * @return whether it is an address
	 */
	public static boolean isIpAddress(String text) {
		return IP_ADDRESS.matcher(text).matches();
	}

	/**
	 * Parses the textual form of an IP address. It never asks a name server.
	 * @param address an IPv4 or IPv6 address
	 * @return the address
	 * @throws IllegalArgumentException if it is not an IP address
	 */
	public static InetAddress parseIpAddress(String address) {
		if (!isIpAddress(address)) {
			throw new IllegalArgumentException("'" + address + "' is not an IP address");
		}
		try {
			return InetAddress.getByName(address);
		}
		catch (UnknownHostException ex) {
			throw new IllegalArgumentException("'" + address + "' is not an IP address", ex);
		}
	}

	/**
	 * Returns a certificate's serial number in the form that logs and endpoints show.
	 * @param certificate the certificate
	 * @return lower-case hexadecimal digits, an even number of them
	 */
	public static String serialNumber(X509Certificate certificate) {
		String digits = certificate.getSerialNumber().toString(16);
		return (digits.length() % 2 == 0) ? digits : "0" + digits;
	}

	/**
	 * Returns the SHA-256 digest of a certificate.
	 * @param certificate the certificate
	 * @return {@code SHA256:} and upper-case hexadecimal digits
	 */
	public static String fingerprint(X509Certificate certificate) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
			return "SHA256:" + HexFormat.of().withUpperCase().formatHex(digest);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK cannot digest a certificate", ex);
		}
	}

	/**
	 * Returns the subject alternative names of a certificate that are texts: e-mail
	 * addresses, DNS names, URIs and IP addresses.
	 * @param certificate the certificate
	 * @return the names by their type (RFC 5280, 4.2.1.6)
	 * @throws CertificateParsingException if the JDK cannot read them
	 */
	public static Map<Integer, List<String>> alternativeNames(X509Certificate certificate)
			throws CertificateParsingException {
		Collection<List<?>> names;
		try {
			names = certificate.getSubjectAlternativeNames();
		}
		catch (RuntimeException ex) {
			// An address may have a mask
			throw new CertificateParsingException("The JDK cannot read the subject alternative names", ex);
		}
		if (names == null && certificate.getExtensionValue(ALTERNATIVE_NAMES) != null) {
			throw new CertificateParsingException("The JDK cannot read the subject alternative names");
		}
		return (names != null) ? names.stream()
			.filter((name) -> name.get(1) instanceof String)
			.collect(Collectors.groupingBy((name) -> (Integer) name.get(0),
					Collectors.mapping((name) -> (String) name.get(1), Collectors.toList())))
				: Map.of();
	}

	static @Nullable String commonName(Map<String, List<String>> subject) {
		return subject.getOrDefault("CN", List.of()).stream().findFirst().orElse(null);
	}

	/**
	 * Returns the subject of a certificate.
	 * @param certificate the certificate
	 * @return the values of each attribute, such as those of {@code CN}; {@code #} and
	 * digits for one that is no text
	 * @throws IllegalArgumentException if it cannot be read
	 */
	public static Map<String, List<String>> subject(X509Certificate certificate) {
		String subject = certificate.getSubjectX500Principal().getName();
		try {
			Map<String, List<String>> values = new HashMap<>();
			for (Rdn name : new LdapName(subject).getRdns()) {
				for (Attribute attribute : Collections.list(name.toAttributes().getAll())) {
					for (Object value : Collections.list(attribute.getAll())) {
						String text = (value instanceof byte[] bytes) ? "#" + HexFormat.of().formatHex(bytes)
								: value.toString();
						values.computeIfAbsent(attribute.getID(), (type) -> new ArrayList<>()).add(text);
					}
				}
			}
			return values;
		}
		catch (NamingException ex) {
			throw new IllegalArgumentException("The subject '" + ExternalText.clean(subject) + "' cannot be read", ex);
		}
	}

}
