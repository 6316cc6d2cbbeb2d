package io.kubelet.cert.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.RotationListener;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of certificates, each with the name of the certificate as the tag
 * {@code certificate}.
 * <p>
 * Must be registered as a listener of the managers. Events before a registry is bound
 * count too, for every registry.
 */
public class CertificateMetrics implements MeterBinder, RotationListener {

	private final CertificateManagers managers;

	private final Clock clock;

	private final Map<String, Totals> totals = new ConcurrentHashMap<>();

	/**
	 * Creates a binder.
	 * @param managers the certificates to measure
	 * @param clock the clock
	 */
	public CertificateMetrics(CertificateManagers managers, Clock clock) {
		this.managers = managers;
		this.clock = clock;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.managers.forEach((manager) -> new Binding(manager, registry).bind());
	}

	@Override
	public void failed(String name, RotationFailure failure) {
		Totals totals = totals(name);
		totals.failures(failure.kind()).increment();
		if (totals.failingSince == null) {
			totals.failingSince = failure.at();
		}
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		totals(name).failingSince = null;
	}

	private Totals totals(String certificate) {
		return this.totals.computeIfAbsent(certificate, (name) -> new Totals());
	}

	/** One certificate and one registry. */
	private final class Binding {

		private final CertificateManager manager;

		private final MeterRegistry registry;

		private final Tags tags;

		Binding(CertificateManager manager, MeterRegistry registry) {
			this.manager = manager;
			this.registry = registry;
			this.tags = Tags.of("certificate", manager.name());
		}

		void bind() {
			// The gauges must not hold this, and with it the manager, once the context is
			// closed
			Clock clock = CertificateMetrics.this.clock;
			gauge("expiry", "Time until the certificate expires, negative once it has",
					(status) -> (status.pair() != null) ? until(clock, status.pair().notAfter()) : Double.NaN);
			gauge("lifetime", "Time from the start to the end of the certificate's validity",
					(status) -> (status.pair() != null) ? seconds(status.pair().lifetime()) : Double.NaN);
			gauge("rotation.deadline", "Time until the next rotation is due, negative once it is",
					(status) -> (status.schedule().deadline() != null) ? until(clock, status.schedule().deadline())
							: Double.NaN);
			gauge("request.age", "Time since the pending request was created, 0 if no request is pending",
					(status) -> (status.pendingRequest() != null)
							? Math.max(0, -until(clock, status.pendingRequest().createdAt())) : 0);
			gauge("stuck", "Time for which a step of the rotation has not returned, 0 if none is stuck",
					(status) -> (status.health().stuckSince() != null)
							? Math.max(0, -until(clock, status.health().stuckSince())) : 0);
			for (CertificateStatus.State state : CertificateStatus.State.values()) {
				Gauge
					.builder("kubelet.cert.state", this.manager,
							(manager) -> (manager.status().state() == state) ? 1 : 0)
					.description("1 for the state of the certificate, 0 for the other states")
					.tags(this.tags.and("state", state.name()))
					.register(this.registry);
			}
			FunctionCounter
				.builder("kubelet.cert.rotations", this.manager, (manager) -> manager.status().rotations().count())
				.description("Certificates that were obtained")
				.tags(this.tags)
				.register(this.registry);
			bindTotals(totals(this.manager.name()));
		}

		private void bindTotals(Totals totals) {
			for (Kind kind : Kind.values()) {
				FunctionCounter.builder("kubelet.cert.failures", totals.failures(kind), LongAdder::sum)
					.description("Attempts to rotate the certificate that failed")
					.tags(this.tags.and("reason", kind.name().toLowerCase(Locale.ROOT)))
					.register(this.registry);
			}
			Clock clock = CertificateMetrics.this.clock;
			TimeGauge.builder("kubelet.cert.failing", totals, TimeUnit.SECONDS, (total) -> {
				Instant since = total.failingSince;
				return (since != null) ? Math.max(0, -until(clock, since)) : 0;
			})
				.description(
						"Time since the first of the attempts that have failed in a row, 0 if the last one succeeded")
				.tags(this.tags)
				.register(this.registry);
			FunctionTimer
				.builder("kubelet.cert.request.wait", this.manager, (manager) -> manager.status().rotations().count(),
						(manager) -> manager.status().rotations().waited().toMillis(), TimeUnit.MILLISECONDS)
				.description("How long requests that led to a certificate waited for approval and signature")
				.tags(this.tags)
				.register(this.registry);
		}

		private void gauge(String name, String description, ToDoubleFunction<CertificateStatus> value) {
			TimeGauge
				.builder("kubelet.cert." + name, this.manager, TimeUnit.SECONDS,
						(manager) -> value.applyAsDouble(manager.status()))
				.description(description)
				.tags(this.tags)
				.register(this.registry);
		}

		private static double until(Clock clock, Instant end) {
			return seconds(Duration.between(clock.instant(), end));
		}

		private static double seconds(Duration duration) {
			return duration.toMillis() / 1000.0;
		}

	}

	/** What is counted of one certificate. */
	private static final class Totals {

		/** When the first of the attempts failed that have failed in a row. */
		volatile @Nullable Instant failingSince;

		private final Map<Kind, LongAdder> failures = new ConcurrentHashMap<>();

		LongAdder failures(Kind kind) {
			return this.failures.computeIfAbsent(kind, (first) -> new LongAdder());
		}

	}

}
