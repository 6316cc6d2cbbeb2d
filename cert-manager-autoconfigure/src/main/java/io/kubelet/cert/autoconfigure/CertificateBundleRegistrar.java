package io.kubelet.cert.autoconfigure;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.CertificateBundles;
import io.kubelet.cert.ssl.Drain;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;

/**
 * Registers an SSL bundle for each certificate, once there is a certificate if it is to
 * be waited for.
 */
final class CertificateBundleRegistrar implements SslBundleRegistrar, DisposableBean {

	private static final Duration DRAIN = Duration.ofSeconds(30);

	private final CertificateSettingsList settings;

	private final CertificateManagers managers;

	private final TrustedAuthorities trusted;

	private final RotationScheduler scheduler;

	/** What ends with the application: its scheduler may be somebody else's. */
	private final Queue<Runnable> ends = new ConcurrentLinkedQueue<>();

	CertificateBundleRegistrar(CertificateSettingsList settings, CertificateManagers managers,
			TrustedAuthorities trusted, RotationScheduler scheduler) {
		this.settings = settings;
		this.managers = managers;
		this.trusted = trusted;
		this.scheduler = scheduler;
	}

	@Override
	public void registerBundles(SslBundleRegistry registry) {
		for (CertificateManager manager : this.managers) {
			this.settings.find(manager.name())
				.ifPresentOrElse((certificate) -> register(registry, certificate, manager),
						() -> register(registry, manager.name(), manager, this.trusted.unsaid(manager.name()), DRAIN));
		}
	}

	private void register(SslBundleRegistry registry, CertificateSettings certificate, CertificateManager manager) {
		Supplier<List<X509Certificate>> authorities = this.trusted.of(certificate);
		Duration drain = certificate.ssl().drain();
		if (certificate.startup().waits()) {
			FirstCertificate.await(manager, certificate);
		}
		if (registry instanceof SslBundles bundles && bundles.getBundleNames().contains(certificate.ssl().bundle())) {
			throw certificate.invalid("ssl.bundle", certificate.ssl().bundle(),
					"There is an SSL bundle of this name already: give one of them another name");
		}
		if (certificate.ssl().trustConfigMap() != null) {
			authorities.get();
		}
		register(registry, certificate.ssl().bundle(), manager, authorities, drain);
	}

	private void register(SslBundleRegistry registry, String bundleName, CertificateManager manager,
			Supplier<List<X509Certificate>> authorities, Duration drain) {
		this.ends.add(CertificateBundles.register(registry, bundleName, manager, authorities,
				new Drain(this.scheduler, drain)));
	}

	@Override
	public void destroy() {
		this.ends.forEach(Runnable::run);
	}

}
