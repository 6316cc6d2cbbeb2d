package io.kubelet.cert.actuate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * What each certificate is, as the tags of a metric whose value is 1. The tags change
 * with each rotation.
 * <p>
 * Must be registered as a listener of the managers.
 */
public class CertificateInfoMetrics implements MeterBinder, RotationListener {

	private final CertificateManagers managers;

	private final Map<MeterRegistry, MultiGauge> gauges = new HashMap<>();

	/**
	 * Creates a binder.
	 * @param managers the certificates to describe
	 */
	public CertificateInfoMetrics(CertificateManagers managers) {
		this.managers = managers;
	}

	@Override
	public synchronized void bindTo(MeterRegistry registry) {
		this.gauges.computeIfAbsent(registry,
				(first) -> MultiGauge.builder("kubelet.cert.info")
					.description("Signer, serial number and key algorithm of the certificate")
					.register(first));
		update();
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		update();
	}

	private synchronized void update() {
		List<Row<?>> rows = new ArrayList<>();
		for (CertificateManager manager : this.managers) {
			CertificateStatus status = manager.status();
			if (status.pair() != null) {
				rows.add(Row.of(tags(status, status.pair()), 1));
			}
		}
		this.gauges.values().forEach((gauge) -> gauge.register(rows));
	}

	private static Tags tags(CertificateStatus status, CertificatePair pair) {
		return Tags.of("certificate", status.name(), "signer", status.requested().signerName(), "serial_number",
				pair.serialNumber(), "key_algorithm", KeySpecification.describe(pair.leaf().getPublicKey()));
	}

}
