package io.kubelet.cert.actuate;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.Date;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * The metrics of the authorities that the SSL bundle of each certificate trusts. To
 * rotate an authority, an operator has to know when every application trusts the new one,
 * and when the first of them expires.
 */
public class CertificateTrustMetrics implements MeterBinder {

	private final CertificateManagers managers;

	private final Function<String, Trust> trust;

	private final Clock clock;

	/**
	 * Creates a binder.
	 * @param managers the certificates
	 * @param trust returns what the SSL bundle of a certificate trusts at the moment, and
	 * throws an exception if that is not known
	 * @param clock the clock
	 */
	public CertificateTrustMetrics(CertificateManagers managers, Function<String, Trust> trust, Clock clock) {
		this.managers = managers;
		this.trust = trust;
		this.clock = clock;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		this.managers.forEach((manager) -> bind(manager, registry));
	}

	/** A gauge whose function throws an exception reports NaN. */
	private void bind(CertificateManager manager, MeterRegistry registry) {
		Function<String, Trust> trust = this.trust;
		Clock clock = this.clock;
		Tags tags = Tags.of("certificate", manager.name());
		Gauge.builder("kubelet.cert.trust.authorities", manager, (of) -> trust.apply(of.name()).authorities().size())
			.description("Certificate authorities that the SSL bundle trusts")
			.tags(tags)
			.register(registry);
		TimeGauge
			.builder("kubelet.cert.trust.expiry", manager, TimeUnit.SECONDS,
					(of) -> untilTheFirstExpires(trust.apply(of.name()), clock))
			.description("Time until the first of these authorities expires, negative once it has")
			.tags(tags)
			.register(registry);
	}

	/** Nobody rotates the authorities of the JDK, some of which have expired. */
	private static double untilTheFirstExpires(Trust trust, Clock clock) {
		return (trust instanceof Trust.Exactly) ? trust.authorities()
			.stream()
			.map(X509Certificate::getNotAfter)
			.min(Comparator.naturalOrder())
			.map(Date::toInstant)
			.map((end) -> Duration.between(clock.instant(), end).toMillis() / 1000.0)
			.orElse(Double.NaN) : Double.NaN;
	}

}
