package io.kubelet.cert.certificate;

import java.security.cert.X509Certificate;
import java.util.regex.Pattern;

import javax.security.auth.x500.X500Principal;

/**
 * Text from outside, such as the message of an approver, the answer of a server or a name
 * in a certificate. Log, events, endpoint and page show it as it is, so it is cleaned
 * where it enters: it cannot forge a line, control a terminal or fill a log.
 */
public final class ExternalText {

	/** The longest text, in characters. */
	public static final int MAXIMUM_LENGTH = 500;

	/** Scripts such as Persian need the two join controls. */
	private static final Pattern INVISIBLE = Pattern
		.compile("[\\s[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}&&[^\\p{IsJoin_Control}]]]+");

	private ExternalText() {
	}

	/**
	 * Returns a text in one line that can be shown anywhere. White space, control
	 * characters, line and paragraph separators, and characters that change the direction
	 * of the text become one space. A longer text is cut to 500 characters, the last one
	 * an ellipsis.
	 * @param text the text
	 * @return the cleaned text
	 */
	public static String clean(String text) {
		String line = INVISIBLE.matcher(text).replaceAll(" ").strip();
		return (line.length() <= MAXIMUM_LENGTH) ? line : line.substring(0, MAXIMUM_LENGTH - 1) + "\u2026";
	}

	/**
	 * Returns the subject of a certificate.
	 * @param certificate the certificate
	 * @return the subject as RFC 2253 text, cleaned
	 */
	public static String subject(X509Certificate certificate) {
		return clean(certificate.getSubjectX500Principal().getName(X500Principal.RFC2253));
	}

	/**
	 * Returns the issuer of a certificate.
	 * @param certificate the certificate
	 * @return the issuer as RFC 2253 text, cleaned
	 */
	public static String issuer(X509Certificate certificate) {
		return clean(certificate.getIssuerX500Principal().getName(X500Principal.RFC2253));
	}

}
