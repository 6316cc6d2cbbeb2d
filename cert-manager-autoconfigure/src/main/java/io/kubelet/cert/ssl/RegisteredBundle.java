package io.kubelet.cert.ssl;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * The registered SSL bundle of one certificate. Reports its changes: rotations, and
 * changes of the trusted authorities.
 */
public final class RegisteredBundle implements CertificateManager.Follower {

	private static final Logger logger = LoggerFactory.getLogger(RegisteredBundle.class);

	private static final Duration HANDLER_LIMIT = Duration.ofSeconds(5);

	private final SslBundleRegistry registry;

	private final LiveSslBundle live;

	private final Consumer<LiveSslBundle.Identity> export;

	private final SslBundle bundle;

	/** {@code null} if it never changes. */
	private final @Nullable LiveTrust trust;

	private Runnable endFollowing = () -> {
	};

	private Runnable nextLook = () -> {
	};

	/** Calls the update handlers. */
	private final SerialExecutor handlers;

	private volatile boolean closed;

	private RegisteredBundle(SslBundleRegistry registry, LiveSslBundle live, Supplier<Trust> trust,
			RotationScheduler scheduler, Consumer<LiveSslBundle.Identity> export) {
		this.registry = registry;
		this.live = live;
		this.export = export;
		this.bundle = live.toBundle();
		SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("ssl-bundle-" + live.name() + "-");
		threads.setDaemon(true);
		this.handlers = new SerialExecutor(threads, scheduler, HANDLER_LIMIT, this::late);
		this.trust = (trust instanceof LiveTrust changing) ? changing : null;
	}

	/**
	 * Registers the SSL bundle of a certificate. At each change, it is exported first,
	 * since others may read the files at once. Then its followers are called, and then
	 * the update handlers of the application.
	 * @param registry where to register it
	 * @param bundleName the bundle's name
	 * @param manager the certificate's manager
	 * @param trust returns the current trust, in each handshake
	 * @param peers which peers are accepted, and which ones were seen
	 * @param scheduler runs tasks later
	 * @param files tells when files with authorities may have changed
	 * @param drain how long connections of a previous identity may go on
	 * @param options the protocols and cipher suites of its connections
	 * @param export exports the current identity, unless it has done so
	 * @return ends what does not end with the manager: the use of the bundle by its name,
	 * and changes of the trust
	 * @throws IllegalStateException if there is a bundle of this name already
	 */
	public static Runnable register(SslBundleRegistry registry, String bundleName, CertificateManager manager,
			Supplier<Trust> trust, Peers peers, RotationScheduler scheduler, FileChanges files, Duration drain,
			SslOptions options, Consumer<LiveSslBundle.Identity> export) {
		LiveSslBundle live = new LiveSslBundle(bundleName, manager, trust, peers, scheduler, drain, options);
		RegisteredBundle registered = new RegisteredBundle(registry, live, trust, scheduler, export);
		registry.registerBundle(bundleName, registered.bundle);
		if (registry instanceof SslBundles bundles) {
			// Without any handler, the registry warns that a bundle may need a restart
			bundles.addBundleUpdateHandler(bundleName, (updated) -> {
			});
		}
		if (live.identity().pair() == null) {
			logger.warn(
					"[{}] There is no certificate yet: servers with the SSL bundle '{}' fail every TLS handshake, "
							+ "and clients present no certificate, until the first one is issued",
					manager.name(), bundleName);
		}
		manager.addFollower(registered);
		registered.followTrust(files);
		registered.look();
		BundleSocketFactory.add(registry, live);
		return registered::close;
	}

	/** Handlers that have not returned from an earlier update delay the next ones. */
	@Override
	public void updated(String name) {
		update();
		lookLater();
		this.handlers.submit(() -> {
		}).join();
	}

	private Runnable late(Throwable stack) {
		logger
			.warn("The update handlers of the SSL bundle '{}' have not returned within {}s: their owners may continue "
					+ "with the previous certificate", this.live.name(), HANDLER_LIMIT.toSeconds(), stack);
		return () -> logger.info("The update handlers of the SSL bundle '{}' have returned", this.live.name());
	}

	/**
	 * Updates the bundle, and has the handlers called on a thread of their own, because
	 * the registry calls them on that of the caller.
	 */
	private synchronized void update() {
		if (this.trust != null) {
			// A handshake may be reading it, and nobody calls this again when it has
			this.trust.catchUp();
		}
		LiveSslBundle.Identity identity = this.live.identity();
		try {
			this.export.accept(identity);
		}
		finally {
			if (this.live.update(identity)) {
				this.handlers.execute(this::callHandlers);
			}
		}
	}

	private void callHandlers() {
		try {
			this.registry.updateBundle(this.live.name(), this.bundle);
		}
		catch (RuntimeException | Error ex) {
			logger.error(
					"An update handler of the SSL bundle '{}' failed: its owner, and those of the handlers after it, "
							+ "continue with the previous certificate",
					this.live.name(), ex);
		}
	}

	private void followTrust(FileChanges files) {
		if (this.trust != null) {
			this.endFollowing = this.trust.follow(files, () -> this.live.after(Duration.ZERO, this::look));
		}
	}

	private void look() {
		try {
			update();
		}
		finally {
			lookLater();
		}
	}

	private synchronized void lookLater() {
		this.nextLook.run();
		if (this.trust != null && !this.closed) {
			this.trust.untilChange().ifPresent((time) -> this.nextLook = this.live.after(time, this::look));
		}
	}

	private synchronized void close() {
		this.closed = true;
		this.endFollowing.run();
		this.nextLook.run();
		BundleSocketFactory.remove(this.live);
	}

}
