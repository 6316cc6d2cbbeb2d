package io.kubelet.cert.autoconfigure.ssl;

import java.time.Clock;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.KubernetesConnection;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.export.Exports;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationScheduler;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration of an SSL bundle for each certificate. The bundles are registered
 * before the web server is created, so this is where the application waits for a first
 * certificate that is not stored yet. They are registered after Spring Boot's own, so
 * that a name that is used twice is reported here.
 */
@AutoConfiguration(after = { CertificateManagerAutoConfiguration.class, SslAutoConfiguration.class })
@ConditionalOnBean({ CertificateManagers.class, CertificateSettingsList.class })
public final class CertificateSslAutoConfiguration {

	@Bean
	TrustedAuthorities certificateTrustedAuthorities(CertificateManagers managers, KubernetesConnection connection,
			@Qualifier(CertificateManagerAutoConfiguration.CLOCK) ObjectProvider<Clock> clock) {
		return new TrustedAuthorities(connection, managers, clock.getIfAvailable(Clock::systemDefaultZone));
	}

	@Bean
	Exports certificateExports(CertificateSettingsList settings, RotationScheduler scheduler,
			@Qualifier(CertificateManagerAutoConfiguration.CLOCK) ObjectProvider<Clock> clock) {
		return new ConfiguredExports(scheduler, clock.getIfAvailable(Clock::systemDefaultZone)).create(settings);
	}

	@Bean
	SslBundleRegistrar certificateBundleRegistrar(CertificateSettingsList settings, CertificateManagers managers,
			TrustedAuthorities trusted, RotationScheduler scheduler, FileChanges files, Exports exports,
			Environment environment) {
		return new CertificateBundleRegistrar(settings, managers, trusted, scheduler, files,
				new CheckedPeers(settings, environment), exports);
	}

}
