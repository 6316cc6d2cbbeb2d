package io.kubelet.cert.autoconfigure.ssl;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.RegisteredBundle;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;

/**
 * Registers an SSL bundle for each certificate. If the application waits for its first
 * certificate, this is where it waits.
 */
final class CertificateBundleRegistrar implements SslBundleRegistrar, DisposableBean {

	private final CertificateSettingsList settings;

	private final CertificateManagers managers;

	private final TrustedAuthorities trusted;

	private final RotationScheduler scheduler;

	/** Called when the context is closed. A scheduler of the application may go on. */
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
						() -> register(registry, manager.name(), manager, this.trusted.undescribed(manager.name()),
								Duration.ofSeconds(CertificateSettings.Ssl.DRAIN_SECONDS)));
		}
	}

	private void register(SslBundleRegistry registry, CertificateSettings certificate, CertificateManager manager) {
		if (registry instanceof SslBundles bundles && bundles.getBundleNames().contains(certificate.ssl().bundle())) {
			throw certificate.properties()
				.invalid("ssl.bundle", certificate.ssl().bundle(),
						"There is an SSL bundle of this name already: rename one of them");
		}
		Supplier<Trust> trust = this.trusted.of(certificate);
		if (certificate.startup().waits()) {
			FirstCertificate.await(manager, certificate);
		}
		new TrustReport(certificate, trust.get()).log(manager.status().pair(), this.trusted.now());
		register(registry, certificate.ssl().bundle(), manager, trust, certificate.ssl().drain());
	}

	private void register(SslBundleRegistry registry, String bundleName, CertificateManager manager,
			Supplier<Trust> trust, Duration drain) {
		this.ends.add(RegisteredBundle.register(registry, bundleName, manager, trust, this.scheduler, drain));
	}

	@Override
	public void destroy() {
		this.ends.forEach(Runnable::run);
	}

}
