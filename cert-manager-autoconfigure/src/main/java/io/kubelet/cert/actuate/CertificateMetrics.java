package io.kubelet.cert.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.RotationListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * The kubelet's metrics of its certificates, by the kubelet's names (contract row C29),
 * with the certificate's name as the tag {@code certificate}. A certificate for server
 * auth counts as the kubelet's serving one, any other as its client one.
 */
public class CertificateMetrics implements MeterBinder {

	private static final String CLIENT_SIGNERS = "kubernetes.io/kube-apiserver-client";

	private static final double[] BUCKETS = { 60, 3600, 14_400, 86_400, 604_800, 2_592_000, 7_776_000, 15_552_000,
			31_104_000, 124_416_000 };

	private final CertificateManagers managers;

	private final Clock clock;

	/**
	 * Create a binder.
	 * @param managers the certificates to measure
	 * @param clock the clock
	 */
	public CertificateMetrics(CertificateManagers managers, Clock clock) {
		this.managers = managers;
		this.clock = clock;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.managers.forEach((manager) -> bind(manager, registry));
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
		Counter failures = Counter
			.builder(serving ? "kubelet.server.expiration.renew.errors"
					: "kubelet.certificate.manager.client.expiration.renew.errors")
			.description("Failed attempts to rotate the certificate")
			.tags(tags)
			.register(registry);
		manager.addListener(new Recorder(failures, serving ? rotations(registry, tags) : null, this.clock));
	}

	private static DistributionSummary rotations(MeterRegistry registry, Tags tags) {
		return DistributionSummary.builder("kubelet.certificate.manager.server.rotation.seconds")
			.description("How long the certificate had lived when it was rotated")
			.baseUnit("seconds")
			.serviceLevelObjectives(BUCKETS)
			.tags(tags)
			.register(registry);
	}

	/**
	 * C10: a signer that is asked for both issues a serving certificate. The usages are
	 * not known as long as they depend on a key that is yet to be made; by default, all
	 * signers but those of clients are asked for server auth.
	 */
	private static boolean isServing(CertificateStatus status) {
		return status.usages().isEmpty() ? !status.signerName().startsWith(CLIENT_SIGNERS)
				: status.usages().contains(Usage.SERVER_AUTH);
	}

	private double secondsToLive(CertificateManager manager) {
		CertificatePair pair = manager.status().pair();
		return (pair != null) ? Duration.between(this.clock.instant(), pair.notAfter()).toSeconds()
				: Double.POSITIVE_INFINITY;
	}

	private record Recorder(Counter failures, @Nullable DistributionSummary rotations,
			Clock clock) implements RotationListener {

		@Override
		public void failed(String name, RotationFailure failure) {
			this.failures.increment();
		}

		@Override
		public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
			if (previous != null && this.rotations != null) {
				Instant now = this.clock.instant();
				this.rotations.record(Duration.between(previous.notBefore(), now).toSeconds());
			}
		}

	}

}
