package io.kubelet.cert.autoconfigure.actuate;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.actuate.CertificatesEndpoint.CertificateDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.jmx.annotation.EndpointJmxExtension;

/**
 * Rotates certificates over JMX.
 */
@EndpointJmxExtension(endpoint = CertificatesEndpoint.class)
class CertificatesEndpointJmxExtension {

	private final CertificatesEndpoint endpoint;

	CertificatesEndpointJmxExtension(CertificatesEndpoint endpoint) {
		this.endpoint = endpoint;
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
