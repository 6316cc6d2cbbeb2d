package io.kubelet.cert.autoconfigure.actuate;

import java.util.Locale;
import java.util.function.Function;

import io.kubelet.cert.actuate.BoundMeters;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.peers.RefusalReason;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * The metrics of the peers of SSL bundles. No tag contains the name of a peer: whoever
 * connects would choose the number of series.
 *
 * @param managers the certificates
 * @param peers returns the peers of the SSL bundle of a certificate
 * @param bound the meters to remove
 */
record PeerMetrics(CertificateManagers managers, Function<String, Peers> peers,
		BoundMeters bound) implements MeterBinder, AutoCloseable {

	@Override
	public void bindTo(MeterRegistry registry) {
		for (CertificateManager manager : this.managers) {
			for (PeerRole role : PeerRole.values()) {
				for (RefusalReason reason : RefusalReason.values()) {
					this.bound.add(registry,
							FunctionCounter.builder("kubelet.cert.peers.refused", manager,
									(certificate) -> this.peers.apply(certificate.name()).refused().count(role, reason))
								.description("Handshakes in which the SSL bundle refused the peer")
								.tag("certificate", manager.name())
								.tag("role", role.name().toLowerCase(Locale.ROOT))
								.tag("reason", reason.name().toLowerCase(Locale.ROOT))
								.register(registry));
				}
			}
		}
	}

	@Override
	public void close() {
		this.bound.close();
	}

}
