package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.SslBundleRegistry;

/**
 * Keeps the SSL bundle of a certificate in step with its rotation.
 */
public final class CertificateBundles {

	private static final Logger logger = LoggerFactory.getLogger(CertificateBundles.class);

	private CertificateBundles() {
	}

	/**
	 * Register the bundle of a certificate, and update it at each rotation from then on.
	 * @param registry where to register it
	 * @param bundleName the bundle's name
	 * @param manager the certificate's manager
	 * @param authorities the authorities to trust, asked for at each handshake; where
	 * there are none, those of the JDK
	 * @throws IllegalStateException if there is a bundle of this name already
	 */
	public static void register(SslBundleRegistry registry, String bundleName, CertificateManager manager,
			Supplier<List<X509Certificate>> authorities) {
		LiveSslBundle bundle = new LiveSslBundle(manager.name(), () -> manager.status().pair(), authorities);
		registry.registerBundle(bundleName, bundle.refreshed());
		manager.addListener(new RotationListener() {

			@Override
			public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
				bundle.invalidateSessions();
				registry.updateBundle(bundleName, bundle.refreshed());
				logger.debug("[{}] SSL bundle '{}' now holds {}", name, bundleName, current);
			}

		});
	}

}
