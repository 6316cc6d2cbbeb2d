package io.kubelet.cert.actuate;

import java.util.Map;
import java.util.TreeMap;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/**
 * Reports each certificate, its template and its next rotation deadline, and rotates one
 * on demand. No key material is in it.
 */
@Endpoint(id = "certificates")
public class CertificatesEndpoint {

	private final CertificateManagers managers;

	/**
	 * Create the endpoint.
	 * @param managers the certificates to report
	 */
	public CertificatesEndpoint(CertificateManagers managers) {
		this.managers = managers;
	}

	/**
	 * Report all certificates.
	 * @return their reports by name
	 */
	@ReadOperation
	public CertificatesDescriptor certificates() {
		Map<String, CertificateDescriptor> certificates = new TreeMap<>();
		this.managers
			.forEach((manager) -> certificates.put(manager.name(), CertificateDescriptor.of(manager.status())));
		return new CertificatesDescriptor(certificates);
	}

	/**
	 * Report one certificate.
	 * @param name its name
	 * @return its report, {@code null} if there is none of this name
	 */
	@ReadOperation
	public @Nullable CertificateDescriptor certificate(@Selector String name) {
		return this.managers.find(name).map((manager) -> CertificateDescriptor.of(manager.status())).orElse(null);
	}

	/**
	 * Rotate one certificate now. The rotation goes on after the answer.
	 * @param name its name
	 * @return its report at this moment, {@code null} if there is none of this name
	 */
	@WriteOperation
	public @Nullable CertificateDescriptor rotate(@Selector String name) {
		CertificateManager manager = this.managers.find(name).orElse(null);
		if (manager == null) {
			return null;
		}
		if (manager.rotate().isCompletedExceptionally()) {
			throw new InvalidEndpointRequestException("Certificate '" + name + "' is not rotated",
					"Rotation of certificate '" + name + "' is off");
		}
		return CertificateDescriptor.of(manager.status());
	}

	/**
	 * The report of all certificates.
	 *
	 * @param certificates the reports by name
	 */
	public record CertificatesDescriptor(Map<String, CertificateDescriptor> certificates) {

	}

}
