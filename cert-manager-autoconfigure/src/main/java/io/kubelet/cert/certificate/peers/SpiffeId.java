package io.kubelet.cert.certificate.peers;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * The rules of SPIFFE for identities and for the certificates that contain them
 * (SPIFFE-ID, section 2; X509-SVID, sections 2 to 4).
 */
final class SpiffeId {

	private static final String SCHEME = "spiffe:";

	private static final int MAXIMUM_LENGTH = 2048;

	private static final Pattern TRUST_DOMAIN = Pattern.compile("[-._a-z0-9]{1,255}");

	private static final Pattern SEGMENT = Pattern.compile("[-._A-Za-z0-9]+");

	/** Bits of the key usage (RFC 5280, 4.2.1.3). */
	private static final int DIGITAL_SIGNATURE = 0;

	private static final int KEY_CERT_SIGN = 5;

	private static final int CRL_SIGN = 6;

	private SpiffeId() {
	}

	/**
	 * Returns whether a URI claims to be a SPIFFE ID. Capitals do not evade the rules.
	 * @param uri the URI
	 * @return whether it has the scheme
	 */
	static boolean isClaimedBy(String uri) {
		return uri.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
	}

	/**
	 * Returns whether a text is a segment of a path.
	 * @param text the text
	 * @return whether it is one: without percent-encoding, and neither empty nor relative
	 */
	static boolean isSegment(String text) {
		return SEGMENT.matcher(text).matches() && !text.equals(".") && !text.equals("..");
	}

	/**
	 * Returns why a URI is not the SPIFFE ID of a workload.
	 * @param uri the URI
	 * @return a clause, {@code null} if it is one
	 */
	static @Nullable String objection(String uri) {
		String[] parts = uri.split("/", -1);
		if (!uri.startsWith(SCHEME + "//")) {
			return "it does not begin with 'spiffe://'";
		}
		if (uri.length() > MAXIMUM_LENGTH) {
			return "it has more than %d characters".formatted(MAXIMUM_LENGTH);
		}
		if (!TRUST_DOMAIN.matcher(parts[2]).matches()) {
			return "its trust domain must consist of a-z, 0-9, '.', '-' and '_'";
		}
		if (parts.length == 3) {
			return "it has no path";
		}
		return Stream.of(parts).skip(3).allMatch(SpiffeId::isSegment) ? null
				: "its path must consist of segments of A-Z, a-z, 0-9, '.', '-' and '_' other than '.' and '..', without a slash at its end";
	}

	/**
	 * Returns why a certificate is not the SVID of a workload.
	 * @param leaf the certificate
	 * @param uris its URIs, of which one claims to be a SPIFFE ID
	 * @return a clause, {@code null} if it is one
	 */
	static @Nullable String objection(X509Certificate leaf, List<String> uris) {
		if (uris.size() != 1) {
			return "it has %d URIs, but must have exactly one".formatted(uris.size());
		}
		String problem = objection(uris.get(0));
		if (problem != null) {
			return "its URI is no SPIFFE ID: " + problem;
		}
		if (leaf.getBasicConstraints() >= 0) {
			return "it is that of an authority";
		}
		boolean[] usages = leaf.getKeyUsage();
		if (usages == null || !usages[DIGITAL_SIGNATURE]) {
			return "its key usage lacks 'digital signature'";
		}
		return (usages[KEY_CERT_SIGN] || usages[CRL_SIGN]) ? "its key usage contains 'cert sign' or 'crl sign'" : null;
	}

}
