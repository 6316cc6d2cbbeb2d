package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.FollowedTrust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.rotation.SignerSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resolves which certificate authorities the SSL bundle of a certificate trusts. Those of
 * the JDK are trusted only if a property says so.
 */
final class TrustedAuthorities {

	private static final Logger logger = LoggerFactory.getLogger(TrustedAuthorities.class);

	private final SignerSource signers;

	private final Clock clock;

	TrustedAuthorities(SignerSource signers, Clock clock) {
		this.signers = signers;
		this.clock = clock;
	}

	Supplier<Trust> of(CertificateSettings certificate) {
		CertificateSettings.Ssl ssl = certificate.ssl();
		Duration overlap = ssl.trustOverlap();
		Path file = ssl.trustFile();
		String configMap = ssl.trustConfigMap();
		if (file != null && configMap != null) {
			throw certificate.invalid("ssl.trust-config-map", configMap,
					"ssl.trust-file is set as well: remove one of them");
		}
		if (file != null) {
			TrustSource source = TrustSource.file(file);
			certificate.check("ssl.trust-file", file, source::read);
			return follow(source, overlap);
		}
		if (configMap != null) {
			return follow(inConfigMap(certificate, configMap), overlap);
		}
		return ssl.trustsSystem() ? Trust::system : follow(ofCluster(certificate), overlap);
	}

	/**
	 * Returns the trust of a bundle whose manager is a bean of the application that no
	 * property describes.
	 */
	Supplier<Trust> undescribed(String name) {
		Trust nobody = nobody(name, name, "kubelet.cert.additional." + name,
				"The application's own CertificateManagers bean");
		return () -> nobody;
	}

	private Supplier<Trust> follow(TrustSource source, Duration overlap) {
		return new FollowedTrust(source, overlap, this.clock);
	}

	private TrustSource inConfigMap(CertificateSettings certificate, String configMap) {
		if (!(this.signers instanceof KubernetesConnection connection)) {
			throw certificate.invalid("ssl.trust-config-map", configMap,
					"There is no connection to an API server: use ssl.trust-file");
		}
		boolean wait = certificate.startup().waits();
		TrustSource source = connection.authoritiesIn(configMap, wait);
		TrustSource known = wait ? source
				: new NobodyAtFirst(certificate.name(), certificate.ssl().bundle(), configMap, source, this.clock);
		return () -> certificate.check("ssl.trust-config-map", configMap, known::read);
	}

	private TrustSource ofCluster(CertificateSettings certificate) {
		if (!(this.signers instanceof KubernetesConnection connection)) {
			Trust nobody = nobody(certificate, "The application's own SignerSource bean");
			return () -> new TrustSource.Reading("the application", nobody, () -> nobody, nobody);
		}
		TrustSource source = connection.authorities();
		return () -> {
			try {
				TrustSource.Reading reading = source.read();
				if (reading.trust().authorities().isEmpty()) {
					nobody(certificate, reading.origin());
				}
				return reading;
			}
			catch (KubernetesConfigurationException ex) {
				throw certificate.invalid("ssl.trust", "cluster",
						ex.getMessage() + ". " + alternatives(certificate.prefix()));
			}
		};
	}

	private static Trust nobody(CertificateSettings certificate, Object origin) {
		return nobody(certificate.name(), certificate.ssl().bundle(), certificate.prefix(), origin);
	}

	private static Trust nobody(String name, String bundle, String prefix, Object origin) {
		logger.warn("[{}] {} names no certificate authority, so the SSL bundle '{}' trusts nobody: every peer "
				+ "certificate is rejected. {}", name, origin, bundle, alternatives(prefix));
		return Trust.exactly(List.of());
	}

	private static String alternatives(String prefix) {
		return ("To trust other authorities than the cluster's, set '%1$s.ssl.trust-file' to a PEM file that contains them, "
				+ "or set '%1$s.ssl.trust' to 'system' for those of the JDK")
			.formatted(prefix);
	}

}
