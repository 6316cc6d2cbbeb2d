package io.kubelet.cert.autoconfigure.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.StreamSupport;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationListener;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of certificates and of the authorities that their SSL bundles trust, each
 * with the name of the certificate as the tag {@code certificate}.
 * <p>
 * Must be registered as a listener of the managers. Events before a registry is bound
 * count too, for every registry.
 */
class CertificateMetrics implements MeterBinder, RotationListener {

	private final CertificateManagers managers;

	private final Function<String, Trust> trust;

	private final Clock clock;

	private final Map<String, Totals> totals = new ConcurrentHashMap<>();

	private final Map<MeterRegistry, MultiGauge> infos = new HashMap<>();

	/**
	 * Creates a binder.
	 * @param managers the certificates to measure
	 * @param trust returns what the SSL bundle of a certificate trusts at the moment, and
	 * throws an exception if that is not known
	 * @param clock the clock
	 */
	CertificateMetrics(CertificateManagers managers, Function<String, Trust> trust, Clock clock) {
		this.managers = managers;
		this.trust = trust;
		this.clock = clock;
	}

	@Override
	public synchronized void bindTo(MeterRegistry registry) {
		this.managers.forEach((manager) -> new Binding(manager, registry).bind());
		this.infos.computeIfAbsent(registry,
				(first) -> MultiGauge.builder("kubelet.cert.info")
					.description("Signer, serial number and key algorithm of the certificate")
					.register(first));
		updateInfo();
	}

	@Override
	public void failed(String name, CertificateStatus.Failure failure) {
		Totals totals = totals(name);
		totals.failures(failure.kind()).increment();
		if (totals.failingSince == null) {
			totals.failingSince = failure.at();
		}
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		totals(name).failingSince = null;
		updateInfo();
	}

	/** The tags change with each rotation. */
	private synchronized void updateInfo() {
		List<Row<?>> rows = StreamSupport.stream(this.managers.spliterator(), false)
			.map(CertificateManager::status)
			.filter((status) -> status.pair() != null)
			.<Row<?>>map((status) -> Row.of(info(status), 1))
			.toList();
		this.infos.values().forEach((gauge) -> gauge.register(rows));
	}

	private static Tags info(CertificateStatus status) {
		CertificatePair pair = Objects.requireNonNull(status.pair());
		return Tags.of("certificate", status.name(), "signer", status.requested().signerName(), "serial_number",
				pair.serialNumber(), "key_algorithm", KeySpecification.describe(pair.leaf().getPublicKey()));
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

		/**
		 * No gauge holds this object, and with it the manager, after the context is
		 * closed.
		 */
		void bind() {
			Clock clock = CertificateMetrics.this.clock;
			Function<String, Trust> trust = CertificateMetrics.this.trust;
			time("expiry", "Time until the certificate expires, negative once it has",
					(status) -> until(clock, (status.pair() != null) ? status.pair().notAfter() : null));
			time("lifetime", "Time from the start to the end of the certificate's validity",
					(status) -> (status.pair() != null) ? seconds(status.pair().lifetime()) : Double.NaN);
			time("rotation.deadline", "Time until the next rotation is due, negative once it is",
					(status) -> until(clock, status.schedule().deadline()));
			time("request.age", "Time since the pending request was created, 0 if no request is pending",
					(status) -> since(clock,
							(status.pendingRequest() != null) ? status.pendingRequest().createdAt() : null));
			time("stuck", "Time for which a step of the rotation has not returned, 0 if none is stuck",
					(status) -> since(clock, status.health().stuckSince()));
			time("trust.expiry",
					"Time until the first of the authorities that the SSL bundle trusts expires, negative once it has",
					this.manager, (manager) -> until(clock, firstEnd(trust.apply(manager.name()))));
			number("trust.authorities", "Certificate authorities that the SSL bundle trusts", this.tags,
					(manager) -> trust.apply(manager.name()).authorities().size());
			for (CertificateStatus.State state : CertificateStatus.State.values()) {
				number("state", "1 for the state of the certificate, 0 for the other states",
						this.tags.and("state", state.name()), (manager) -> (manager.status().state() == state) ? 1 : 0);
			}
			count("rotations", "Certificates that were obtained", this.tags, this.manager,
					(manager) -> manager.status().rotations().count());
			FunctionTimer
				.builder("kubelet.cert.request.wait", this.manager, (manager) -> manager.status().rotations().count(),
						(manager) -> manager.status().rotations().waited().toMillis(), TimeUnit.MILLISECONDS)
				.description("How long requests that led to a certificate waited for approval and signature")
				.tags(this.tags)
				.register(this.registry);
			Totals totals = totals(this.manager.name());
			time("failing",
					"Time since the first of the attempts that have failed in a row, 0 if the last one succeeded",
					totals, (total) -> since(clock, total.failingSince));
			for (Kind kind : Kind.values()) {
				count("failures", "Attempts to rotate the certificate that failed",
						this.tags.and("reason", kind.name().toLowerCase(Locale.ROOT)), totals.failures(kind),
						LongAdder::sum);
			}
		}

		private void time(String name, String description, ToDoubleFunction<CertificateStatus> seconds) {
			time(name, description, this.manager, (manager) -> seconds.applyAsDouble(manager.status()));
		}

		private <T> void time(String name, String description, T source, ToDoubleFunction<T> seconds) {
			TimeGauge.builder("kubelet.cert." + name, source, TimeUnit.SECONDS, seconds)
				.description(description)
				.tags(this.tags)
				.register(this.registry);
		}

		private void number(String name, String description, Tags tags, ToDoubleFunction<CertificateManager> value) {
			Gauge.builder("kubelet.cert." + name, this.manager, value)
				.description(description)
				.tags(tags)
				.register(this.registry);
		}

		private <T> void count(String name, String description, Tags tags, T source, ToDoubleFunction<T> value) {
			FunctionCounter.builder("kubelet.cert." + name, source, value)
				.description(description)
				.tags(tags)
				.register(this.registry);
		}

		private static double until(Clock clock, @Nullable Instant end) {
			return (end != null) ? seconds(Duration.between(clock.instant(), end)) : Double.NaN;
		}

		private static double since(Clock clock, @Nullable Instant begin) {
			return (begin != null) ? Math.max(0, -until(clock, begin)) : 0;
		}

		private static double seconds(Duration duration) {
			return duration.toMillis() / 1000.0;
		}

		/** Nobody rotates the authorities of the JDK, some of which have expired. */
		private static @Nullable Instant firstEnd(Trust trust) {
			return (trust instanceof Trust.Exactly) ? trust.authorities()
				.stream()
				.map((authority) -> authority.getNotAfter().toInstant())
				.min(Comparator.naturalOrder())
				.orElse(null) : null;
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
