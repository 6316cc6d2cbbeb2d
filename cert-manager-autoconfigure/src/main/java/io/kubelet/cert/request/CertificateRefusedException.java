package io.kubelet.cert.request;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The issued certificate cannot be used, because it is not what was requested.
 */
public final class CertificateRefusedException extends RequestException {

	private final List<String> problems;

	public CertificateRefusedException(@Nullable String requestName, String signerName, List<String> problems) {
		super(Kind.REFUSED, requestName, "Refused", "%s was answered with a certificate that is refused: %s"
			.formatted(describe(requestName, signerName), String.join("; ", problems)), null);
		this.problems = List.copyOf(problems);
	}

	/**
	 * Returns what is wrong with the certificate.
	 * @return a sentence for each problem
	 */
	public List<String> problems() {
		return this.problems;
	}

}
