package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.CertificateProperties.StartupMode;
import io.kubelet.cert.autoconfigure.CertificateProperties.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.ssl.CertificateBundles;
import io.kubelet.cert.ssl.TrustFile;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of an SSL bundle for each certificate. The registry is filled before
 * the web server is made: a first certificate that is not stored yet is waited for here.
 */
@AutoConfiguration(after = CertificateManagerAutoConfiguration.class, before = SslAutoConfiguration.class)
@ConditionalOnBean({ CertificateManagers.class, CertificateSettingsList.class })
public final class CertificateSslAutoConfiguration {

	@Bean
	SslBundleRegistrar certificateBundleRegistrar(CertificateSettingsList settings, CertificateManagers managers,
			SignerSource signers) {
		return (registry) -> {
			for (CertificateManager manager : managers) {
				settings.find(manager.name())
					.ifPresentOrElse((certificate) -> register(registry, certificate, manager, signers),
							() -> CertificateBundles.register(registry, manager.name(), manager, List::of));
			}
		};
	}

	private static void register(SslBundleRegistry registry, CertificateSettings certificate,
			CertificateManager manager, SignerSource signers) {
		if (certificate.properties().startup().mode() == StartupMode.WAIT) {
			FirstCertificate.await(manager, certificate);
		}
		try {
			CertificateBundles.register(registry, certificate.bundleName(), manager, authorities(certificate, signers));
		}
		catch (IllegalStateException ex) {
			throw certificate.invalid("ssl.bundle", certificate.bundleName(),
					"There is an SSL bundle of this name already: give one of them another name");
		}
	}

	private static Supplier<List<X509Certificate>> authorities(CertificateSettings certificate, SignerSource signers) {
		CertificateProperties.Ssl ssl = certificate.properties().ssl();
		Path trustFile = ssl.trustFile();
		if (trustFile != null) {
			return certificate.check("ssl.trust-file", trustFile, () -> new TrustFile(trustFile));
		}
		if (ssl.trust() == Trust.CLUSTER && signers instanceof KubernetesConnection connection) {
			return connection.authorities();
		}
		return List::of;
	}

}
