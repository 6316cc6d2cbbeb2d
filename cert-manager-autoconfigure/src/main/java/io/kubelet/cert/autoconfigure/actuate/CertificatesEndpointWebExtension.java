package io.kubelet.cert.autoconfigure.actuate;

import java.time.Instant;
import java.util.Set;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.actuate.CertificatesEndpoint.CertificateDescriptor;
import io.kubelet.cert.rotation.RotationThrottledException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * Gives the operations of the {@link CertificatesEndpoint} their HTTP status: 202 for a
 * rotation that has begun, 404 for an unknown name with the names that exist, and 429 for
 * a rotation that is too early with the time to retry.
 */
@EndpointWebExtension(endpoint = CertificatesEndpoint.class)
class CertificatesEndpointWebExtension {

	private final CertificatesEndpoint endpoint;

	CertificatesEndpointWebExtension(CertificatesEndpoint endpoint) {
		this.endpoint = endpoint;
	}

	/**
	 * Reports one certificate.
	 * @param name its name
	 * @return 200 with its report, or 404
	 */
	@ReadOperation
	public WebEndpointResponse<Object> certificate(@Selector String name) {
		return response(name, this.endpoint.certificate(name), WebEndpointResponse.STATUS_OK);
	}

	/**
	 * Begins to rotate one certificate, or joins the rotation in progress.
	 * @param name its name
	 * @return 202 with its report, 400, 404, or 429
	 */
	@WriteOperation
	public WebEndpointResponse<Object> rotate(@Selector String name) {
		try {
			return response(name, this.endpoint.rotate(name), 202);
		}
		catch (InvalidEndpointRequestException ex) {
			return new WebEndpointResponse<>(new Off(String.valueOf(ex.getReason())),
					WebEndpointResponse.STATUS_BAD_REQUEST);
		}
		catch (RotationThrottledException ex) {
			return new WebEndpointResponse<>(new TooEarly(String.valueOf(ex.getMessage()), ex.retryAt()),
					WebEndpointResponse.STATUS_TOO_MANY_REQUESTS);
		}
	}

	private WebEndpointResponse<Object> response(String name, @Nullable CertificateDescriptor report, int status) {
		return (report != null) ? new WebEndpointResponse<>(report, status)
				: new WebEndpointResponse<>(
						new Unknown("There is no certificate '" + name + "'",
								this.endpoint.certificates().certificates().keySet()),
						WebEndpointResponse.STATUS_NOT_FOUND);
	}

	/**
	 * The answer for an unknown name.
	 *
	 * @param message what is wrong
	 * @param certificates the names that exist
	 */
	public record Unknown(String message, Set<String> certificates) implements OperationResponseBody {

	}

	/**
	 * The answer for a certificate that is not rotated.
	 *
	 * @param message what is wrong
	 */
	public record Off(String message) implements OperationResponseBody {

	}

	/**
	 * The answer for a rotation that is too early.
	 *
	 * @param message what is wrong
	 * @param retryAt when a rotation can be requested
	 */
	public record TooEarly(String message, Instant retryAt) implements OperationResponseBody {

	}

}
