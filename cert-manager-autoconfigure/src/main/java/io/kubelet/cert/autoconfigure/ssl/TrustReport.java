package io.kubelet.cert.autoconfigure.ssl;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.request.IssuedCertificateCheck;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports at startup which authorities an SSL bundle trusts. Otherwise the first hint is
 * a failed handshake.
 *
 * @param certificate the settings of the certificate
 * @param trust the trust of its bundle
 */
record TrustReport(CertificateSettings certificate, Trust trust) {

	private static final Logger logger = LoggerFactory.getLogger(TrustReport.class);

	private static final int NAMED = 3;

	/**
	 * Logs the authorities, and a warning if the certificate itself leads to none of
	 * them. A bundle that trusts nobody has been reported already.
	 * @param pair the pair that the bundle presents, {@code null} if there is none yet
	 * @param now the current time
	 */
	void log(@Nullable CertificatePair pair, Instant now) {
		if (this.trust.authorities().isEmpty()) {
			return;
		}
		String bundle = this.certificate.ssl().bundle();
		PropertyNames properties = this.certificate.properties();
		logger.info("[{}] The SSL bundle '{}' trusts {}, from {}", this.certificate.name(), bundle, authorities(),
				properties.of(this.certificate.ssl().trusted().property()));
		if (this.trust instanceof Trust.Exactly && pair != null
				&& !IssuedCertificateCheck.leadsToAny(pair, this.trust.authorities(), now)) {
			logger.warn("[{}] The certificate does not lead to an authority that the SSL bundle '{}' trusts, so peers "
					+ "with certificates of the same signer ('{}') are refused. If that is not intended, set '{}' to the "
					+ "authorities of the signer", this.certificate.name(), bundle, ExternalText.issuer(pair.leaf()),
					properties.of("ssl.trust-file"));
		}
	}

	private String authorities() {
		List<String> names = this.trust.authorities().stream().map(ExternalText::subject).toList();
		return (names.size() == 1) ? "the certificate authority '%s'".formatted(names.get(0))
				: "%d certificate authorities (%s%s)".formatted(names.size(),
						names.stream().limit(NAMED).map("'%s'"::formatted).collect(Collectors.joining(", ")),
						(names.size() > NAMED) ? ", ..." : "");
	}

}
