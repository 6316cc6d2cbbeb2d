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

	private final List<MultiGauge> gauges = new CopyOnWriteArrayList<>();

	/** Bundles do not keep their followers. */
	private final CertificateManager.Follower authorities = (bundle) -> updateAuthorities();

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
		this.gauges.add(MultiGauge.builder("kubelet.cert.peers")
			.description("Peers with a certificate of an authority that were seen within a day, or are connected")
			.register(registry));
		for (CertificateManager manager : this.managers) {
			for (PeerRole role : PeerRole.values()) {
				for (RefusalReason reason : RefusalReason.values()) {
					this.bound.add(registry,
							FunctionCounter
								.builder("kubelet.cert.peers.refused", manager,
										(certificate) -> this.bundles.apply(certificate.name())
											.map((bundle) -> bundle.peers().refused().count(role, reason))
											.orElse(0L))
								.description("Handshakes in which the SSL bundle refused the peer")
								.tag("certificate", manager.name())
								.tag("role", role.name().toLowerCase(Locale.ROOT))
								.tag("reason", reason.name().toLowerCase(Locale.ROOT))
								.register(registry));
				}
			}
			this.bundles.apply(manager.name()).ifPresent((bundle) -> bundle.addFollower(this.authorities));
		}
		updateAuthorities();
	}

	private synchronized void updateAuthorities() {
		List<Row<?>> rows = this.managers.stream()
			.map(CertificateManager::name)
			.<Row<?>>flatMap((name) -> this.bundles.apply(name).stream().flatMap((bundle) -> rows(name, bundle)))
			.toList();
		this.gauges.forEach((gauge) -> gauge.register(rows));
	}

	/** Authorities that are trusted have one also if no peer uses them. */
	private static Stream<Row<?>> rows(String certificate, LiveSslBundle bundle) {
		Stream<String> seen = current(bundle).map((peer) -> peer.authority().fingerprint());
		Stream<String> trusted = bundle.followed().trust().given().stream().map(CertificateNames::fingerprint);
		// A scrape reads all rows at once
		Cached<Instant, Map<String, Set<String>>, RuntimeException> counts = new Cached<>((second) -> count(bundle));
		return Stream.concat(trusted, seen)
			.distinct()
			.limit(AUTHORITIES)
			.map((authority) -> Row.of(Tags.of("certificate", certificate, "authority", authority), bundle,
					(of) -> counts.of(of.peers().seen().now().truncatedTo(ChronoUnit.SECONDS))
						.getOrDefault(authority, Set.of())
						.size()));
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
	public synchronized void close() {
		this.gauges.forEach((gauge) -> gauge.register(List.of()));
		this.gauges.clear();
		this.bound.close();
	}

}
