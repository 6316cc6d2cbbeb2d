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

	/** A command to a terminal (ECMA-48), such as one that sets a color or the title. */
	private static final Pattern TERMINAL_SEQUENCE = Pattern.compile(
			"(\u001B\\[|\u009B)[0-?]*+[ -/]*+[@-~]|(\u001B\\]|\u009D)[^\u0007\u001B\u009C\u009D]*+(\u0007|\u001B\\\\|\u009C)");

	/** The rest is ignored: the text may have a megabyte. */
	private static final int MAXIMUM_INPUT = 8 * MAXIMUM_LENGTH;

	/** Scripts such as Persian need the two join controls. */
	private static final Pattern INVISIBLE = Pattern
		.compile("[\\s[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}&&[^\\p{IsJoin_Control}]]]+");

	private ExternalText() {
	}

	/**
	 * Returns a text in one line that can be shown anywhere. Terminal sequences are
	 * removed. White space, control characters, line and paragraph separators, and
	 * characters that change the direction of the text become one space. A longer text is
	 * cut to 500 characters, the last one an ellipsis.
	 * @param text the text
	 * @return the cleaned text
	 */
	public static String clean(String text) {
		String start = text.substring(0, Math.min(text.length(), MAXIMUM_INPUT));
		String line = INVISIBLE.matcher(TERMINAL_SEQUENCE.matcher(start).replaceAll("")).replaceAll(" ").strip();
		if (line.length() <= MAXIMUM_LENGTH && start.length() == text.length()) {
			return line;
		}
		int end = Math.min(line.length(), MAXIMUM_LENGTH - 1);
		boolean halved = end > 0 && Character.isHighSurrogate(line.charAt(end - 1));
		return line.substring(0, halved ? end - 1 : end) + "\u2026";
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
