package io.kubelet.cert.autoconfigure.actuate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

import io.kubelet.cert.actuate.BoundMeters;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
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
 * Must be registered as a listener of the managers. Removes its meters when it is closed:
 * a registry may outlive the context.
 */
class CertificateMetrics implements MeterBinder, RotationListener, AutoCloseable {

	private final CertificateManagers managers;

	private final Function<String, Trust> trust;

	private final Clock clock;

	private final BoundMeters bound = new BoundMeters();

	/** By certificate: with thousands of them, a rotation updates one. */
	private final Map<String, List<MultiGauge>> infos = new HashMap<>();

	/**
	 * Creates a binder.
	 * @param managers the certificates to measure
	 * @param trust returns what the SSL bundle of a certificate currently trusts, and
	 * throws an exception if that is not known
	 * @param clock the clock
	 */
	CertificateMetrics(CertificateManagers managers, Function<String, Trust> trust, Clock clock) {
		this.managers = managers;
		this.trust = trust;
		this.clock = clock;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		for (CertificateManager manager : this.managers) {
			bind(manager, registry);
			bindInfo(manager.name(), registry);
		}
	}

	private synchronized void bindInfo(String name, MeterRegistry registry) {
		this.infos.computeIfAbsent(name, (first) -> new ArrayList<>())
			.add(MultiGauge.builder("kubelet.cert.info")
				.description("Signer, issuer, serial number and key algorithm of the certificate")
				.tag("certificate", name)
				.register(registry));
		updateInfo(name);
	}

	@Override
	public void onEvent(RotationEvent event) {
		if (event instanceof RotationEvent.Rotated) {
			updateInfo(event.name());
		}
	}

	/** The tags change with each rotation. */
	private synchronized void updateInfo(String name) {
		CertificateStatus status = this.managers.get(name).status();
		CertificatePair pair = status.pair();
		List<Row<?>> rows = (pair != null) ? List.of(Row.of(info(status, pair), 1)) : List.of();
		this.infos.getOrDefault(name, List.of()).forEach((gauge) -> gauge.register(rows));
	}

	@Override
	public synchronized void close() {
		this.infos.values().forEach((gauges) -> gauges.forEach((gauge) -> gauge.register(List.of())));
		this.infos.clear();
		this.bound.close();
	}

	/** If rotation is off, nobody need have named a signer. */
	private static Tags info(CertificateStatus status, CertificatePair pair) {
		String signer = (status.schedule().deadline() != null) ? status.requested().signerName() : "";
		return Tags.of("signer", signer, "issuer", ExternalText.issuer(pair.leaf()), "serial_number",
				pair.serialNumber(), "key_algorithm", KeySpecification.describe(pair.leaf().getPublicKey()));
	}

	private void bind(CertificateManager manager, MeterRegistry registry) {
		Meters meters = new Meters(manager, this.bound, registry, Tags.of("certificate", manager.name()));
		meters.time("expiry", "Time until the certificate expires, negative once it has",
				(status) -> until((status.pair() != null) ? status.pair().notAfter() : null));
		meters.time("lifetime", "Time from the start to the end of the certificate's validity",
				(status) -> (status.pair() != null) ? seconds(status.pair().lifetime()) : Double.NaN);
		meters.time("rotation.deadline", "Time until the next rotation is due, negative once it is",
				(status) -> until(status.schedule().deadline()));
		meters.time("request.age", "Time since the pending request was created, 0 if no request is pending",
				(status) -> since((status.pendingRequest() != null) ? status.pendingRequest().createdAt() : null));
		meters.time("stuck", "Time for which a step of the rotation has not returned, 0 if none is stuck",
				(status) -> since(status.health().stuckSince()));
		meters.time("failing",
				"Time since the first of the attempts that have failed in a row, 0 if the last one succeeded",
				(status) -> since(status.rotations().failingSince()));
		meters.time("trust.expiry",
				"Time until the first of the authorities that the SSL bundle trusts expires, negative once it has",
				(status) -> until(firstEnd(this.trust.apply(status.name()))));
		meters.number("trust.authorities", "Certificate authorities that the SSL bundle trusts", Tags.empty(),
				(status) -> this.trust.apply(status.name()).authorities().size());
		for (State state : State.values()) {
			meters.number("state", "1 for the state of the certificate, 0 for the other states",
					Tags.of("state", state.name()), (status) -> (status.state() == state) ? 1 : 0);
		}
		meters.count("rotations", "Certificates that were obtained", Tags.empty(),
				(status) -> status.rotations().count());
		for (Kind kind : Kind.values()) {
			meters.count("failures", "Attempts to rotate the certificate that failed",
					Tags.of("reason", kind.name().toLowerCase(Locale.ROOT)),
					(status) -> status.rotations().failures().getOrDefault(kind, 0L));
		}
		meters.waits();
	}

	private double until(@Nullable Instant end) {
		return (end != null) ? seconds(Duration.between(this.clock.instant(), end)) : Double.NaN;
	}

	private double since(@Nullable Instant begin) {
		return (begin != null) ? Math.max(0, -until(begin)) : 0;
	}

	private static double seconds(Duration duration) {
		return duration.toMillis() / 1000.0;
	}

	/** The authorities of the JDK are not rotated, and some have expired. */
	private static @Nullable Instant firstEnd(Trust trust) {
		return trust.given()
			.stream()
			.map((authority) -> authority.getNotAfter().toInstant())
			.min(Comparator.naturalOrder())
			.orElse(null);
	}

	/** The meters of one certificate in one registry. */
	private record Meters(CertificateManager manager, BoundMeters bound, MeterRegistry registry, Tags tags) {

		void time(String name, String description, ToDoubleFunction<CertificateStatus> seconds) {
			add(TimeGauge.builder("kubelet.cert." + name, this.manager, TimeUnit.SECONDS, of(seconds))
				.description(description)
				.tags(this.tags)
				.register(this.registry));
		}

		void number(String name, String description, Tags tags, ToDoubleFunction<CertificateStatus> value) {
			add(Gauge.builder("kubelet.cert." + name, this.manager, of(value))
				.description(description)
				.tags(this.tags.and(tags))
				.register(this.registry));
		}

		void count(String name, String description, Tags tags, ToDoubleFunction<CertificateStatus> value) {
			add(FunctionCounter.builder("kubelet.cert." + name, this.manager, of(value))
				.description(description)
				.tags(this.tags.and(tags))
				.register(this.registry));
		}

		void waits() {
			add(FunctionTimer
				.builder("kubelet.cert.request.wait", this.manager, (manager) -> manager.status().rotations().count(),
						(manager) -> manager.status().rotations().waited().toMillis(), TimeUnit.MILLISECONDS)
				.description("How long requests that led to a certificate waited for approval and signature")
				.tags(this.tags)
				.register(this.registry));
		}

		private void add(Meter meter) {
			this.bound.add(this.registry, meter);
		}

		private static ToDoubleFunction<CertificateManager> of(ToDoubleFunction<CertificateStatus> value) {
			return (manager) -> value.applyAsDouble(manager.status());
		}

	}

}
