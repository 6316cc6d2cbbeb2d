package io.kubelet.cert.kubernetes.internal.secret;

import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.CertificateChain;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;

/**
 * The authorities in a Secret that rotations have replaced: each as PEM after a line with
 * the time. They have a key of their own, because other programs read {@code ca.crt}.
 */
final class ReplacedAuthorities {

	private static final String KEY = "previous-ca.crt";

	private static final String REPLACED_AT = "Replaced at ";

	private static final Pattern ENTRY = Pattern
		.compile(REPLACED_AT + "(\\S{1,50})\\s+(" + AuthorityBlocks.BLOCK + ")");

	private ReplacedAuthorities() {
	}

	/**
	 * Returns the authorities, and when they were replaced. What is damaged is left out.
	 */
	static Map<X509Certificate, Instant> in(SecretObject secret) {
		Map<X509Certificate, Instant> replaced = new LinkedHashMap<>();
		List<MatchResult> entries = ENTRY.matcher(secret.text(KEY))
			.results()
			.limit(CertificateChain.MAXIMUM_CERTIFICATES)
			.toList();
		for (MatchResult entry : entries) {
			try {
				replaced.put(Pem.readCertificates(entry.group(2)).get(0), Instant.parse(entry.group(1)));
			}
			catch (MalformedPemException | DateTimeException ex) {
				// Whoever needs it is refused, as after the overlap
			}
		}
		return replaced;
	}

	/** Returns a Secret with these authorities instead, of which the first ones count. */
	static SecretObject write(SecretObject secret, Map<X509Certificate, Instant> replaced) {
		String text = replaced.entrySet()
			.stream()
			.limit(CertificateChain.MAXIMUM_CERTIFICATES)
			.map((entry) -> REPLACED_AT + entry.getValue() + '\n' + Pem.write(List.of(entry.getKey())))
			.collect(Collectors.joining());
		return secret.withText(KEY, text.isEmpty() ? null : text);
	}

}
