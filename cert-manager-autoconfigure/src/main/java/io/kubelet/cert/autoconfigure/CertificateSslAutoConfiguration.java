package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.CertificateProperties.StartupMode;
import io.kubelet.cert.autoconfigure.CertificateProperties.Trust;
import io.kubelet.cert.certificate.SelfSignedPair;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.ssl.AuthoritySource;
import io.kubelet.cert.ssl.CertificateBundles;
import io.kubelet.cert.ssl.Drain;
import io.kubelet.cert.ssl.FollowedAuthorities;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of an SSL bundle for each certificate. The registry is filled before
 * the web server is made: a first certificate that is not stored yet is waited for here.
 * It comes after Spring Boot's own bundles, so that a name that is taken is found here.
 */
@AutoConfiguration(after = { CertificateManagerAutoConfiguration.class, SslAutoConfiguration.class })
@ConditionalOnBean({ CertificateManagers.class, CertificateSettingsList.class })
public final class CertificateSslAutoConfiguration {

	private static final Logger logger = LoggerFactory.getLogger(CertificateSslAutoConfiguration.class);

	private static final Duration DRAIN = Duration.ofSeconds(30);

	@Bean
	SslBundleRegistrar certificateBundleRegistrar(CertificateSettingsList settings, CertificateManagers managers,
			SignerSource signers, RotationScheduler scheduler, ObjectProvider<Clock> clock) {
		return (registry) -> {
			for (CertificateManager manager : managers) {
				settings.find(manager.name())
					.ifPresentOrElse((certificate) -> register(registry, certificate, manager,
							authorities(certificate, signers, clock.getIfUnique(Clock::systemDefaultZone)), scheduler),
							() -> CertificateBundles.register(registry, manager.name(), manager, List::of,
									new Drain(scheduler, DRAIN)));
			}
		};
	}

	private static void register(SslBundleRegistry registry, CertificateSettings certificate,
			CertificateManager manager, Supplier<List<X509Certificate>> authorities, RotationScheduler scheduler) {
		Drain drain = new Drain(scheduler,
				notNegative(certificate, "ssl.drain", certificate.properties().ssl().drain()));
		if (certificate.properties().startup().mode() == StartupMode.WAIT) {
			FirstCertificate.await(manager, certificate);
		}
		if (registry instanceof SslBundles bundles && bundles.getBundleNames().contains(certificate.bundleName())) {
			throw certificate.invalid("ssl.bundle", certificate.bundleName(),
					"There is an SSL bundle of this name already: give one of them another name");
		}
		if (certificate.properties().ssl().trustConfigMap() != null) {
			authorities.get();
		}
		CertificateBundles.register(registry, certificate.bundleName(), manager, authorities, drain);
	}

	private static Supplier<List<X509Certificate>> authorities(CertificateSettings certificate, SignerSource signers,
			Clock clock) {
		CertificateProperties.Ssl ssl = certificate.properties().ssl();
		Duration overlap = notNegative(certificate, "ssl.trust-overlap", ssl.trustOverlap());
		AuthoritySource source = source(certificate, ssl, signers);
		return (source != null) ? new FollowedAuthorities(source, overlap, clock) : List::of;
	}

	private static @Nullable AuthoritySource source(CertificateSettings certificate, CertificateProperties.Ssl ssl,
			SignerSource signers) {
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
		KubernetesConnection connection = (signers instanceof KubernetesConnection kubernetes) ? kubernetes : null;
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

	private static Duration notNegative(CertificateSettings certificate, String property, Duration duration) {
		if (duration.isNegative()) {
			throw certificate.invalid(property, duration, "It must not be negative: 0s for no time at all");
		}
		return duration;
	}

}
