package io.kubelet.cert.request;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A certificate was issued that cannot be used: it does not say what was asked for
 * (contract row B1). The signer would issue the same again, so the request is worth
 * repeating only slowly.
 */
public final class CertificateRefusedException extends RequestException {

	private final List<String> problems;

	public CertificateRefusedException(@Nullable String requestName, List<String> problems) {
		super(requestName, "Refused", "The certificate issued for request %s is refused: %s".formatted(requestName,
				String.join("; ", problems)), null);
		this.problems = List.copyOf(problems);
	}

	/**
	 * Return what is wrong with the certificate.
	 * @return a sentence for each field that is wrong
	 */
	public List<String> problems() {
		return this.problems;
	}

}
