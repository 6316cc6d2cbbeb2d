package io.kubelet.cert.ssl;

import java.time.Duration;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.FollowedTrust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleRegistry;

/**
 * Keeps the SSL bundle of a certificate in step with its rotation, and with changes of
 * the trusted authorities.
 */
public final class CertificateBundles implements RotationListener {

	private static final Logger logger = LoggerFactory.getLogger(CertificateBundles.class);

	private static final Duration TRUST_INTERVAL = Duration.ofSeconds(10);

	private final SslBundleRegistry registry;

	private final String bundleName;

	private final LiveSslBundle bundle;

	private final RotationScheduler scheduler;

	private volatile Runnable cancelLook = () -> {
	};

	private volatile boolean ended;

	private CertificateBundles(SslBundleRegistry registry, String bundleName, LiveSslBundle bundle,
			RotationScheduler scheduler) {
		this.registry = registry;
		this.bundleName = bundleName;
		this.bundle = bundle;
		this.scheduler = scheduler;
	}

	/**
	 * Registers the bundle of a certificate, and updates it at each rotation from then
	 * on.
	 * <p>
	 * Its key and trust managers apply the current pair and trust in each handshake. A
	 * new connection of an SSL context that the bundle creates presents nothing older,
	 * not even in a resumed session. Each update has stores of its own with a random
	 * password. Servers that copy the stores are notified by
	 * {@link org.springframework.boot.ssl.SslBundles#addBundleUpdateHandler}.
	 * @param registry where to register it
	 * @param bundleName the bundle's name
	 * @param manager the certificate's manager
	 * @param trust returns the current trust, in each handshake
	 * @param drain how long connections of a previous pair may go on
	 * @return ends the use of the bundle by name, and stops following the trust
	 * @throws IllegalStateException if there is a bundle of this name already
	 */
	public static Runnable register(SslBundleRegistry registry, String bundleName, CertificateManager manager,
			Supplier<Trust> trust, Drain drain) {
		LiveSslBundle bundle = new LiveSslBundle(manager.name(), () -> manager.status().pair(), trust, drain);
		CertificateBundles updates = new CertificateBundles(registry, bundleName, bundle, drain.scheduler());
		CertificatePair registered = manager.status().pair();
		SslBundle first = bundle.first();
		registry.registerBundle(bundleName, first);
		BundleSocketFactory.add(bundleName, first);
		if (registered == null) {
			logger.warn(
					"[{}] There is no certificate yet: servers with the SSL bundle '{}' fail every TLS handshake, "
							+ "and clients present no certificate, until the first one is issued",
					manager.name(), bundleName);
		}
		manager.addFollower(updates);
		CertificatePair current = manager.status().pair();
		if (current != null && !current.equals(registered)) {
			updates.update();
		}
		if (trust instanceof FollowedTrust) {
			updates.followTrust();
		}
		return () -> {
			updates.end();
			BundleSocketFactory.remove(bundleName, first);
		};
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		update();
		logger.debug("[{}] SSL bundle '{}' now holds {}", name, this.bundleName, current);
	}

	private void update() {
		attempt("Not every user of the SSL bundle '{}' has taken over its update",
				() -> this.bundle.updateAll((made) -> this.registry.updateBundle(this.bundleName, made)));
	}

	private void attempt(String problem, Runnable step) {
		try {
			step.run();
		}
		catch (RuntimeException | Error ex) {
			logger.error(problem, this.bundleName, ex);
		}
	}

	private void followTrust() {
		if (this.ended) {
			return;
		}
		this.cancelLook = this.scheduler.schedule(this::lookAtTrust, TRUST_INTERVAL);
		if (this.ended) {
			this.cancelLook.run();
		}
	}

	private void lookAtTrust() {
		try {
			attempt("Cannot check whether the trusted authorities of the SSL bundle '{}' have changed", () -> {
				if (this.bundle.hasOutdatedTrust()) {
					update();
				}
			});
		}
		finally {
			followTrust();
		}
	}

	private void end() {
		this.ended = true;
		this.cancelLook.run();
	}

}
