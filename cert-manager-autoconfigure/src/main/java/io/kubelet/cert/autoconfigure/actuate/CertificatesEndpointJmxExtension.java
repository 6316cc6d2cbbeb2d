package io.kubelet.cert.autoconfigure.actuate;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.actuate.CertificatesEndpoint.CertificateDescriptor;
import io.kubelet.cert.actuate.PeersDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.jmx.annotation.EndpointJmxExtension;

/**
 * Rotates certificates and reports their peers over JMX.
 */
@EndpointJmxExtension(endpoint = CertificatesEndpoint.class)
class CertificatesEndpointJmxExtension {

	private final CertificatesEndpoint endpoint;

	CertificatesEndpointJmxExtension(CertificatesEndpoint endpoint) {
		this.endpoint = endpoint;
	}

	/**
	 * Reports the peers of one certificate.
	 * @param name its name
	 * @return the peers, {@code null} if there is no certificate of this name
	 */
	@ReadOperation
	public @Nullable PeersDescriptor peers(@Selector String name) {
		return this.endpoint.peers(name);
	}

	/**
	 * Begins to rotate one certificate, or joins the rotation in progress.
	 * @param name its name
	 * @return its report, {@code null} if there is no certificate of this name
	 */
	@WriteOperation
	public @Nullable CertificateDescriptor rotate(@Selector String name) {
		return this.endpoint.rotate(name);
	}

}
