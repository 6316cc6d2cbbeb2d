package io.kubelet.cert.autoconfigure.kubelet;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.actuate.BoundMeters;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * The kubelet's metrics of its certificates, under the kubelet's names, with the name of
 * the certificate as the tag {@code certificate}. Only for certificates that do the work
 * of a kubelet: widespread alerts on these names concern every job that reports them.
 * <p>
 * Must be registered as a listener of the managers. Removes its meters when it is closed:
 * a registry may outlive the context.
 */
public final class KubeletMetrics implements MeterBinder, RotationListener, AutoCloseable {

	private static final double[] BUCKETS = { 60, 3600, 14_400, 86_400, 604_800, 2_592_000, 7_776_000, 15_552_000,
			31_104_000, 124_416_000 };

	private final CertificateManagers managers;

	private final Map<String, Boolean> serving;

	private final Clock clock;

	private final BoundMeters bound = new BoundMeters();

	private final List<MeterRegistry> registries = new CopyOnWriteArrayList<>();

	/**
	 * Creates a binder.
	 * @param managers the certificates
	 * @param serving the certificates of a kubelet by name, and whether each is its
	 * serving certificate
	 * @param clock the clock
	 */
	public KubeletMetrics(CertificateManagers managers, Map<String, Boolean> serving, Clock clock) {
		this.managers = managers;
		this.serving = Map.copyOf(serving);
		this.clock = clock;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.registries.add(registry);
		this.managers.forEach((manager) -> {
			Boolean serving = this.serving.get(manager.name());
			if (serving != null) {
				bind(manager, serving, registry);
			}
		});
	}

	private void bind(CertificateManager manager, boolean serving, MeterRegistry registry) {
		Tags tags = Tags.of("certificate", manager.name());
		this.bound.add(registry, Gauge
			.builder("kubelet.certificate.manager." + (serving ? "server" : "client") + ".ttl.seconds", manager,
					this::secondsToLive)
			.description("Seconds until the certificate expires; negative once it has, infinite if there is none")
			.tags(tags)
			.register(registry));
		// A counter, but the kubelet's name lacks the suffix that counters get in
		// Prometheus
		this.bound.add(registry,
				Gauge
					.builder(
							serving ? "kubelet.server.expiration.renew.errors"
									: "kubelet.certificate.manager.client.expiration.renew.errors",
							manager, KubeletMetrics::failures)
					.description("Failed attempts to rotate the certificate")
					.tags(tags)
					.register(registry));
		if (serving) {
			this.bound.add(registry, ages(registry, manager.name()));
		}
	}

	private static double failures(CertificateManager manager) {
		return manager.status().rotations().failures().values().stream().mapToLong(Long::longValue).sum();
	}

	@Override
	public void onEvent(RotationEvent event) {
		if (event instanceof RotationEvent.Rotated rotated && rotated.previous() != null
				&& Boolean.TRUE.equals(this.serving.get(event.name()))) {
			long seconds = Duration.between(rotated.previous().notBefore(), this.clock.instant()).toSeconds();
			this.registries.forEach((registry) -> ages(registry, event.name()).record(seconds));
		}
	}

	@Override
	public void close() {
		this.registries.clear();
		this.bound.close();
	}

	/** A registry creates it once. */
	private static DistributionSummary ages(MeterRegistry registry, String name) {
		return DistributionSummary.builder("kubelet.certificate.manager.server.rotation.seconds")
			.description("How long the certificate had lived when it was rotated")
			.baseUnit("seconds")
			.serviceLevelObjectives(BUCKETS)
			.tag("certificate", name)
			.register(registry);
	}

	private double secondsToLive(CertificateManager manager) {
		CertificatePair pair = manager.status().pair();
		return (pair != null) ? Duration.between(this.clock.instant(), pair.notAfter()).toSeconds()
				: Double.POSITIVE_INFINITY;
	}

}
