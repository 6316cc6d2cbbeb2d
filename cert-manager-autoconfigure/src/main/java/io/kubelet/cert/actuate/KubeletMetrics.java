package io.kubelet.cert.actuate;

import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.RotationListener;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * The kubelet's metrics of its certificates, under the kubelet's names, with the name of
 * the certificate as the tag {@code certificate}. Only for certificates that do the work
 * of a kubelet: widespread alerts on these names concern every job that reports them. A
 * certificate for server auth counts as the kubelet's serving certificate, any other as
 * its client certificate.
 * <p>
 * It has to be a listener of the managers. Events before a registry is bound count too,
 * for every registry.
 */
public class KubeletMetrics implements MeterBinder, RotationListener {

	private static final String SERVING_SIGNER = "kubernetes.io/kubelet-serving";

	private static final String CLIENT_SIGNERS = "kubernetes.io/kube-apiserver-client";

	private static final double[] BUCKETS = { 60, 3600, 14_400, 86_400, 604_800, 2_592_000, 7_776_000, 15_552_000,
			31_104_000, 124_416_000 };

	private final CertificateManagers managers;

	private final Predicate<String> kubelet;

	private final Clock clock;

	private final Map<String, Records> records = new ConcurrentHashMap<>();

	/**
	 * Creates a binder.
	 * @param managers the certificates
	 * @param kubelet tells by its name whether a certificate does the work of a kubelet
	 * @param clock the clock
	 */
	public KubeletMetrics(CertificateManagers managers, Predicate<String> kubelet, Clock clock) {
		this.managers = managers;
		this.kubelet = kubelet;
		this.clock = clock;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.managers.forEach((manager) -> {
			if (this.kubelet.test(manager.name())) {
				bind(manager, registry);
			}
		});
	}

	private void bind(CertificateManager manager, MeterRegistry registry) {
		boolean serving = isServing(manager.status());
		Tags tags = Tags.of("certificate", manager.name());
		Gauge
			.builder("kubelet.certificate.manager." + (serving ? "server" : "client") + ".ttl.seconds", manager,
					this::secondsToLive)
			.description("Seconds until the certificate expires; negative once it has, infinite if there is none")
			.tags(tags)
			.register(registry);
		Records records = records(manager.name());
		FunctionCounter
			.builder(
					serving ? "kubelet.server.expiration.renew.errors"
							: "kubelet.certificate.manager.client.expiration.renew.errors",
					records.failures, LongAdder::sum)
			.description("Failed attempts to rotate the certificate")
			.tags(tags)
			.register(registry);
		if (serving) {
			records.add(rotations(registry, tags));
		}
	}

	@Override
	public void failed(String name, RotationFailure failure) {
		records(name).failures.increment();
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		if (previous != null) {
			records(name).rotated(Duration.between(previous.notBefore(), this.clock.instant()).toSeconds());
		}
	}

	private Records records(String certificate) {
		return this.records.computeIfAbsent(certificate, (name) -> new Records());
	}

	private static DistributionSummary rotations(MeterRegistry registry, Tags tags) {
		return DistributionSummary.builder("kubelet.certificate.manager.server.rotation.seconds")
			.description("How long the certificate had lived when it was rotated")
			.baseUnit("seconds")
			.serviceLevelObjectives(BUCKETS)
			.tags(tags)
			.register(registry);
	}

	/** While the usages are not known, as the default usages are chosen. */
	private static boolean isServing(CertificateStatus status) {
		if (!status.usages().isEmpty()) {
			return status.usages().contains(Usage.SERVER_AUTH);
		}
		CertificateTemplate template = status.template();
		return status.signerName().equals(SERVING_SIGNER) || (!status.signerName().startsWith(CLIENT_SIGNERS)
				&& template != null && !(template.dnsNames().isEmpty() && template.ipAddresses().isEmpty()));
	}

	private double secondsToLive(CertificateManager manager) {
		CertificatePair pair = manager.status().pair();
		return (pair != null) ? Duration.between(this.clock.instant(), pair.notAfter()).toSeconds()
				: Double.POSITIVE_INFINITY;
	}

	/** What is recorded of one certificate. */
	private static final class Records {

		final LongAdder failures = new LongAdder();

		/** By identity: those of two registries are equal. */
		private final Set<DistributionSummary> rotations = Collections.newSetFromMap(new IdentityHashMap<>());

		/** The one rotation that there may be at the start, in seconds. */
		private @Nullable Long early;

		synchronized void add(DistributionSummary summary) {
			if (this.rotations.add(summary) && this.early != null) {
				summary.record(this.early);
			}
		}

		synchronized void rotated(long seconds) {
			if (this.rotations.isEmpty()) {
				this.early = seconds;
			}
			this.rotations.forEach((summary) -> summary.record(seconds));
		}

	}

}
