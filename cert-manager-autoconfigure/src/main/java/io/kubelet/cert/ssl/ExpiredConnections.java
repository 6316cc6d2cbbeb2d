package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.CertificateManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns, once for a bundle, if connections present a certificate when it expires.
 */
public final class ExpiredConnections implements CertificateManager.Follower {

	private static final Logger logger = LoggerFactory.getLogger(ExpiredConnections.class);

	private static final Duration NEXT_LOOK = Duration.ofMinutes(10);

	private final LiveSslBundle bundle;

	private final InstantSource clock;

	/** Those whose end is awaited. */
	private final Set<X509Certificate> replaced = ConcurrentHashMap.newKeySet();

	private volatile boolean warned;

	/**
	 * Creates a follower of a bundle.
	 * @param bundle the bundle
	 * @param clock tells when a certificate expires
	 */
	public ExpiredConnections(LiveSslBundle bundle, InstantSource clock) {
		this.bundle = bundle;
		this.clock = clock;
	}

	@Override
	public void updated(String bundleName) {
		Instant now = this.clock.instant();
		for (X509Certificate leaf : this.bundle.earlier()) {
			Instant end = leaf.getNotAfter().toInstant();
			if (!this.warned && end.isAfter(now) && this.replaced.add(leaf)) {
				this.bundle.after(Duration.between(now, end), () -> expired(leaf, end));
			}
		}
	}

	private void expired(X509Certificate leaf, Instant end) {
		boolean held = this.bundle.isHeld(leaf);
		if (!this.warned && !held && this.bundle.mayBeHeld(leaf)) {
			this.bundle.after(NEXT_LOOK, () -> expired(leaf, end));
			return;
		}
		this.replaced.remove(leaf);
		if (!this.warned && held) {
			this.warned = true;
			logger
				.warn("Connections still present a certificate of {} that expired at {} (serial number {}): peers may end "
						+ "them or refuse requests. Set 'ssl.drain' of the certificate, now {}, to less than the time "
						+ "between a rotation and the end of the previous certificate, and limit the lifetime of "
						+ "connections that the drain does not end", this.bundle, end,
						CertificateNames.serialNumber(leaf), ReadableDuration.of(this.bundle.drain()));
		}
	}

}
