package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.CertificateProperties.Trust;
import io.kubelet.cert.certificate.SelfSignedPair;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.ssl.AuthoritySource;
import io.kubelet.cert.ssl.FollowedAuthorities;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whom the bundle of a certificate trusts, as configured.
 */
final class TrustedAuthorities {

	private static final Logger logger = LoggerFactory.getLogger(TrustedAuthorities.class);

	private final SignerSource signers;

	private final Clock clock;

	TrustedAuthorities(SignerSource signers, Clock clock) {
		this.signers = signers;
		this.clock = clock;
	}

	Supplier<List<X509Certificate>> of(CertificateSettings certificate) {
		CertificateProperties.Ssl ssl = certificate.properties().ssl();
		Duration overlap = certificate.notNegative("ssl.trust-overlap", ssl.trustOverlap());
		AuthoritySource source = source(certificate, ssl);
		return (source != null) ? new FollowedAuthorities(source, overlap, this.clock) : List::of;
	}

	private @Nullable AuthoritySource source(CertificateSettings certificate, CertificateProperties.Ssl ssl) {
		Path file = ssl.trustFile();
		String configMap = ssl.trustConfigMap();
		if (file != null) {
			if (configMap != null) {
				throw certificate.invalid("ssl.trust-config-map", configMap,
						"There is an ssl.trust-file as well: leave out one of them");
			}
			AuthoritySource source = AuthoritySource.file(file);
			certificate.check("ssl.trust-file", file, source::read);
			return source;
		}
		KubernetesConnection connection = (this.signers instanceof KubernetesConnection kubernetes) ? kubernetes : null;
		if (configMap != null) {
			if (connection == null) {
				throw certificate.invalid("ssl.trust-config-map", configMap,
						"There is no connection to an API server: use ssl.trust-file");
			}
			return () -> certificate.check("ssl.trust-config-map", configMap,
					connection.authoritiesIn(configMap)::read);
		}
		return (ssl.trust() == Trust.CLUSTER && connection != null) ? ofCluster(certificate, connection) : null;
	}

	/**
	 * Whom the JDK trusts is trusted only where it was said: a cluster that names no
	 * authority leads to nobody.
	 */
	private static AuthoritySource ofCluster(CertificateSettings certificate, KubernetesConnection connection) {
		AuthoritySource source = connection.authorities();
		return () -> {
			try {
				AuthoritySource.Reading reading = source.read();
				return reading.certificates().isEmpty() ? nobody(certificate, reading) : reading;
			}
			catch (KubernetesConfigurationException ex) {
				throw certificate.invalid("ssl.trust", "cluster", ex.getMessage() + ". " + others(certificate));
			}
		};
	}

	private static AuthoritySource.Reading nobody(CertificateSettings certificate, AuthoritySource.Reading reading) {
		logger.warn("[{}] {} names no certificate authority, so the SSL bundle '{}' trusts nobody. {}",
				certificate.name(), reading.origin(), certificate.bundleName(), others(certificate));
		return reading.with(List.of(SelfSignedPair.create("nobody").leaf()));
	}

	private static String others(CertificateSettings certificate) {
		return "To trust others than the cluster's, name them with '%s', or set '%s' to 'system' for those of the JDK"
			.formatted(certificate.property("ssl.trust-file"), certificate.property("ssl.trust"));
	}

}
