package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
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
		CertificateSettings.Ssl ssl = certificate.ssl();
		AuthoritySource source = source(certificate, ssl);
		return (source != null) ? new FollowedAuthorities(source, ssl.trustOverlap(), this.clock) : List::of;
	}

	/**
	 * Whom the bundle of a manager trusts that is the application's own, and of which the
	 * properties say nothing.
	 */
	Supplier<List<X509Certificate>> unsaid(String name) {
		return new FollowedAuthorities(nobody(name, name, "kubelet.cert.additional." + name, "CertificateManagers"),
				Duration.ZERO, this.clock);
	}

	private @Nullable AuthoritySource source(CertificateSettings certificate, CertificateSettings.Ssl ssl) {
		Path file = ssl.trustFile();
		String configMap = ssl.trustConfigMap();
		if (file != null) {
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
			boolean wait = certificate.startup().waits();
			AuthoritySource source = connection.authoritiesIn(configMap, wait);
			AuthoritySource known = wait ? source
					: new NobodyAtFirst(certificate.name(), certificate.ssl().bundle(), configMap, source, this.clock);
			return () -> certificate.check("ssl.trust-config-map", configMap, known::read);
		}
		if (ssl.trustsSystem()) {
			return null;
		}
		return (connection != null) ? ofCluster(certificate, connection)
				: nobody(certificate.name(), certificate.ssl().bundle(), certificate.prefix(), "SignerSource");
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
				return reading.certificates().isEmpty()
						? nobody(certificate.name(), certificate.ssl().bundle(), certificate.prefix(), reading)
						: reading;
			}
			catch (KubernetesConfigurationException ex) {
				throw certificate.invalid("ssl.trust", "cluster",
						ex.getMessage() + ". " + others(certificate.prefix()));
			}
		};
	}

	/** A bean of the application does not tell what its cluster is. */
	private static AuthoritySource nobody(String name, String bundle, String prefix, String bean) {
		Object unchanging = "";
		return () -> nobody(name, bundle, prefix, new AuthoritySource.Reading("The application's own " + bean + " bean",
				unchanging, () -> unchanging, List.of()));
	}

	private static AuthoritySource.Reading nobody(String name, String bundle, String prefix,
			AuthoritySource.Reading reading) {
		logger.warn("[{}] {} names no certificate authority, so the SSL bundle '{}' trusts nobody. {}", name,
				reading.origin(), bundle, others(prefix));
		return reading.trustingNobody();
	}

	private static String others(String prefix) {
		return ("To trust others than the cluster's, name them with '%1$s.ssl.trust-file', "
				+ "or set '%1$s.ssl.trust' to 'system' for those of the JDK")
			.formatted(prefix);
	}

}
