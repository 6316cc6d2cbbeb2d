package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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

	/** Connections may present these until they end. */
	private final Set<X509Certificate> replaced = new HashSet<>();

	private Runnable nextLook = () -> {
	};

	private boolean warned;

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
	public synchronized void updated(String bundleName) {
		if (this.warned) {
			return;
		}
		Instant now = this.clock.instant();
		Set<X509Certificate> earlier = this.bundle.earlier();
		// Those of so many rotations ago that the bundle has forgotten them
		this.replaced.removeIf((leaf) -> !earlier.contains(leaf) && !this.bundle.mayBeHeld(leaf));
		earlier.stream().filter((leaf) -> end(leaf).isAfter(now)).forEach(this.replaced::add);
		look(now);
	}

	/** Looks at those that have ended by then, and again when the next one ends. */
	private synchronized void look(Instant time) {
		this.nextLook.run();
		List<X509Certificate> ended = this.replaced.stream().filter((leaf) -> !end(leaf).isAfter(time)).toList();
		ended.stream().filter(this.bundle::isHeld).findFirst().ifPresent(this::warn);
		ended.stream().filter((leaf) -> !this.bundle.mayBeHeld(leaf)).forEach(this.replaced::remove);
		this.replaced.stream()
			.map((leaf) -> end(leaf).isAfter(time) ? end(leaf) : time.plus(NEXT_LOOK))
			.min(Comparator.naturalOrder())
			.ifPresent((next) -> this.nextLook = this.bundle.after(Duration.between(time, next), () -> look(next)));
	}

	private void warn(X509Certificate leaf) {
		this.warned = true;
		this.replaced.clear();
		logger.warn(
				"Connections still present a certificate of {} that expired at {} (serial number {}): peers may end "
						+ "them or refuse requests. Set 'ssl.drain' of the certificate, now {}, to less than the time "
						+ "between a rotation and the end of the previous certificate, and limit the lifetime of "
						+ "connections that the drain does not end",
				this.bundle, end(leaf), CertificateNames.serialNumber(leaf), ReadableDuration.of(this.bundle.drain()));
	}

	private static Instant end(X509Certificate leaf) {
		return leaf.getNotAfter().toInstant();
	}

}
