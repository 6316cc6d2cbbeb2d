package io.kubelet.cert.autoconfigure.ssl;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.IsolatedSslBundles;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the registry of SSL bundles. In Spring Boot's own, an update
 * handler that throws or hangs keeps the update from the others.
 */
@AutoConfiguration(after = CertificateManagerAutoConfiguration.class, before = SslAutoConfiguration.class)
@ConditionalOnBean(CertificateManagers.class)
public final class CertificateSslRegistryAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean({ SslBundleRegistry.class, SslBundles.class })
	IsolatedSslBundles sslBundleRegistry(ObjectProvider<SslBundleRegistrar> registrars) {
		IsolatedSslBundles bundles = new IsolatedSslBundles();
		registrars.orderedStream().forEach((registrar) -> registrar.registerBundles(bundles));
		return bundles;
	}

}
