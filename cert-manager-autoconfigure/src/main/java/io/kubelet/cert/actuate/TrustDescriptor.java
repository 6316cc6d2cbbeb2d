package io.kubelet.cert.actuate;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.trust.LiveSource;
import io.kubelet.cert.certificate.trust.LiveTrust;
import org.jspecify.annotations.Nullable;

/**
 * What the SSL bundle of a certificate trusts, as the endpoint shows it.
 *
 * @param sources where the authorities come from
 * @param removed those that are in no source any more, but are still trusted
 */
record TrustDescriptor(List<Source> sources, List<Authority> removed) {

	/** How many authorities of a source are listed. */
	private static final int LISTED = 20;

	static TrustDescriptor of(LiveTrust trust) {
		return new TrustDescriptor(trust.sources().stream().map(Source::of).toList(),
				trust.leaving()
					.entrySet()
					.stream()
					.map((leaving) -> Authority.of(leaving.getKey(), leaving.getValue()))
					.toList());
	}

	/**
	 * A source of trust.
	 *
	 * @param property the property that names it
	 * @param place where it is
	 * @param count how many authorities were read from it last
	 * @param authorities the first 20 of them, none for those of the JDK
	 * @param problem why it cannot be read or watched now, {@code null} if it can
	 */
	record Source(String property, String place, int count, List<Authority> authorities, @Nullable String problem) {

		private static Source of(LiveSource.Status source) {
			return new Source(source.property(), source.origin(), source.trust().authorities().size(),
					source.trust()
						.given()
						.stream()
						.limit(LISTED)
						.map((authority) -> Authority.of(authority, null))
						.toList(),
					source.problem());
		}

	}

	/**
	 * A trusted authority.
	 *
	 * @param subject its subject, as RFC 2253 text
	 * @param notAfter the end of its validity
	 * @param fingerprint its SHA-256 digest
	 * @param trustedUntil until when it is trusted, {@code null} as long as it is in a
	 * source
	 */
	record Authority(String subject, Instant notAfter, String fingerprint, @Nullable Instant trustedUntil) {

		private static Authority of(X509Certificate authority, @Nullable Instant trustedUntil) {
			return new Authority(ExternalText.subject(authority), authority.getNotAfter().toInstant(),
					CertificateNames.fingerprint(authority), trustedUntil);
		}

	}

}
