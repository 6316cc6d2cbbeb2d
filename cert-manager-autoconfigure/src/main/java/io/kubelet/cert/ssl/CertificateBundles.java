package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
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
 * whom it trusts.
 */
public final class CertificateBundles implements RotationListener {

	private static final Logger logger = LoggerFactory.getLogger(CertificateBundles.class);

	private static final String NOT_TAKEN = "Not all who use the SSL bundle '{}' have taken its update";

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
	 * Register the bundle of a certificate, and update it at each rotation from then on.
	 * <p>
	 * Its key and trust managers ask for the current pair and the authorities at each
	 * handshake; an SSL context that is made by the bundle presents nothing older in a
	 * new connection, resumed sessions included. Each update has stores of its own with a
	 * random password; servers that copy the stores are to be told by
	 * {@link org.springframework.boot.ssl.SslBundles#addBundleUpdateHandler}.
	 * @param registry where to register it
	 * @param bundleName the bundle's name
	 * @param manager the certificate's manager
	 * @param authorities the authorities to trust, asked for at each handshake; where
	 * there are none, those of the JDK
	 * @param drain how long connections of before a rotation may go on
	 * @return ends the looks at whether the authorities have changed
	 * @throws IllegalStateException if there is a bundle of this name already
	 */
	public static Runnable register(SslBundleRegistry registry, String bundleName, CertificateManager manager,
			Supplier<List<X509Certificate>> authorities, Drain drain) {
		LiveSslBundle bundle = new LiveSslBundle(manager.name(), () -> manager.status().pair(), authorities, drain);
		CertificateBundles updates = new CertificateBundles(registry, bundleName, bundle, drain.scheduler());
		CertificatePair registered = manager.status().pair();
		bundle.handOver((made) -> registry.registerBundle(bundleName, made));
		manager.addFollower(updates);
		CertificatePair current = manager.status().pair();
		if (current != null && !current.equals(registered)) {
			updates.update();
		}
		if (authorities instanceof FollowedAuthorities) {
			updates.followTrust();
		}
		return updates::end;
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		update();
		logger.debug("[{}] SSL bundle '{}' now holds {}", name, this.bundleName, current);
	}

	/**
	 * The managers need no update. First what was made with the old identity is left
	 * behind, then those who copy the stores are told. One update at a time: a look at
	 * the trust is not to put a pair back that a rotation has replaced meanwhile.
	 */
	private synchronized void update() {
		attempt(NOT_TAKEN, this.bundle.managers()::changed);
		attempt(NOT_TAKEN, () -> this.bundle.handOver((made) -> this.registry.updateBundle(this.bundleName, made)));
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
			attempt("It cannot be told whether those whom the SSL bundle '{}' trusts have changed", () -> {
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
