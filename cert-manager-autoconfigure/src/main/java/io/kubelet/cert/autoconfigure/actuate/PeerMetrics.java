package io.kubelet.cert.autoconfigure.actuate;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.actuate.BoundMeters;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.RefusalReason;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.certificate.trust.Cached;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of the peers of SSL bundles. No tag contains the name of a peer: whoever
 * connects would choose the number of series. Removes its meters when it is closed: a
 * registry may outlive the context.
 */
final class PeerMetrics implements MeterBinder, AutoCloseable {

	private static final int AUTHORITIES = 10;

	private final CertificateManagers managers;

	private final Function<String, Optional<LiveSslBundle>> bundles;

	private final BoundMeters bound = new BoundMeters();

	/** Bundles do not keep their followers. */
	private final List<Authorities> authorities = new CopyOnWriteArrayList<>();

	/**
	 * Creates a binder.
	 * @param managers the certificates
	 * @param bundles returns the SSL bundle of a certificate
	 */
	PeerMetrics(CertificateManagers managers, Function<String, Optional<LiveSslBundle>> bundles) {
		this.managers = managers;
		this.bundles = bundles;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		for (CertificateManager manager : this.managers) {
			this.bundles.apply(manager.name()).ifPresent((bundle) -> bind(registry, manager, bundle));
		}
	}

	private void bind(MeterRegistry registry, CertificateManager manager, LiveSslBundle bundle) {
		for (PeerRole role : PeerRole.values()) {
			for (RefusalReason reason : RefusalReason.values()) {
				this.bound.add(registry, FunctionCounter
					.builder("kubelet.cert.peers.refused", bundle, (of) -> of.peers().refused().count(role, reason))
					.description("Handshakes in which the SSL bundle refused the peer")
					.tag("certificate", manager.name())
					.tag("role", role.name().toLowerCase(Locale.ROOT))
					.tag("reason", reason.name().toLowerCase(Locale.ROOT))
					.register(registry));
			}
		}
		Authorities authorities = new Authorities(bundle, MultiGauge.builder("kubelet.cert.peers")
			.description("Peers with a certificate of an authority that were seen within a day, or are connected")
			.tag("certificate", manager.name())
			.register(registry));
		this.authorities.add(authorities);
		bundle.addFollower(authorities);
		authorities.updated(manager.name());
	}

	/** Authorities that are trusted have one also if no peer uses them. */
	private static List<Row<?>> rows(LiveSslBundle bundle) {
		Stream<String> seen = current(bundle).map((peer) -> peer.authority().fingerprint());
		Stream<String> trusted = bundle.followed().trust().given().stream().map(CertificateNames::fingerprint);
		// A scrape reads all rows at once
		Cached<Instant, Map<String, Set<String>>, RuntimeException> counts = new Cached<>((second) -> count(bundle));
		return Stream.concat(trusted, seen)
			.distinct()
			.limit(AUTHORITIES)
			.<Row<?>>map((authority) -> Row.of(Tags.of("authority", authority), bundle,
					(of) -> counts.of(of.peers().seen().now().truncatedTo(ChronoUnit.SECONDS))
						.getOrDefault(authority, Set.of())
						.size()))
			.toList();
	}

	private static Map<String, Set<String>> count(LiveSslBundle bundle) {
		return current(bundle).collect(Collectors.groupingBy((peer) -> peer.authority().fingerprint(),
				Collectors.mapping(SeenPeer::identity, Collectors.toSet())));
	}

	private static Stream<SeenPeer> current(LiveSslBundle bundle) {
		Instant now = bundle.peers().seen().now();
		return bundle.seenPeers().stream().filter((peer) -> peer.isCurrent(now));
	}

	@Override
	public void close() {
		this.authorities.forEach(Authorities::close);
		this.authorities.clear();
		this.bound.close();
	}

	/** Those of one bundle: with thousands of bundles, the others are not looked at. */
	private static final class Authorities implements CertificateManager.Follower {

		private final LiveSslBundle bundle;

		private @Nullable MultiGauge gauge;

		Authorities(LiveSslBundle bundle, MultiGauge gauge) {
			this.bundle = bundle;
			this.gauge = gauge;
		}

		@Override
		public synchronized void updated(String bundleName) {
			if (this.gauge != null) {
				this.gauge.register(rows(this.bundle));
			}
		}

		synchronized void close() {
			if (this.gauge != null) {
				this.gauge.register(List.of());
			}
			this.gauge = null;
		}

	}

}
