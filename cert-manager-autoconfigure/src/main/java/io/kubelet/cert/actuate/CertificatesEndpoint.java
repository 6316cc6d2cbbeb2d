package io.kubelet.cert.actuate;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationThrottledException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/**
 * Reports each certificate, its template and its next rotation deadline, and rotates a
 * certificate on request if {@code management.endpoint.certificates.access} is
 * {@code unrestricted}. Key material is never included.
 */
@Endpoint(id = "certificates", defaultAccess = Access.READ_ONLY)
public class CertificatesEndpoint {

	private final CertificateManagers managers;

	/**
	 * Creates the endpoint.
	 * @param managers the certificates to report
	 */
	public CertificatesEndpoint(CertificateManagers managers) {
		this.managers = managers;
	}

	/**
	 * Reports all certificates.
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
	 * Reports one certificate.
	 * @param name its name
	 * @return its report, {@code null} if there is no certificate of this name
	 */
	@ReadOperation
	public @Nullable CertificateDescriptor certificate(@Selector String name) {
		return this.managers.find(name).map((manager) -> CertificateDescriptor.of(manager.status())).orElse(null);
	}

	/**
	 * Begins to rotate one certificate, or joins the rotation in progress. Does not wait
	 * for its end.
	 * @param name its name
	 * @return its report at this moment, {@code null} if there is no certificate of this
	 * name
	 * @throws RotationThrottledException if it is too early for another rotation
	 * @throws InvalidEndpointRequestException if rotation is off
	 */
	@WriteOperation
	public @Nullable CertificateDescriptor rotate(@Selector String name) {
		CertificateManager manager = this.managers.find(name).orElse(null);
		if (manager == null) {
			return null;
		}
		requireBegun(name, manager.rotate());
		return CertificateDescriptor.of(manager.status());
	}

	private static void requireBegun(String name, CompletableFuture<CertificatePair> rotation) {
		Throwable failure = rotation.isDone() ? rotation.handle((pair, ex) -> ex).join() : null;
		if (failure instanceof CancellationException) {
			throw new InvalidEndpointRequestException("Certificate '" + name + "' is not rotated",
					"Rotation of certificate '" + name
							+ "' is off (rotate-certificates=false): replace the stored pair");
		}
		if (failure instanceof RotationThrottledException throttled) {
			throw throttled;
		}
	}

	/**
	 * The report of all certificates.
	 *
	 * @param certificates the reports by name
	 */
	public record CertificatesDescriptor(
			Map<String, CertificateDescriptor> certificates) implements OperationResponseBody {

	}

}
