package io.kubelet.cert.autoconfigure.actuate;

import java.util.LinkedHashMap;
import java.util.Map;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationThrottledException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;
import org.springframework.util.MimeTypeUtils;

/**
 * Gives the operations of the {@link CertificatesEndpoint} their HTTP status: 202 for a
 * rotation that has begun, 404 for an unknown name with the names that exist, and 429 for
 * a rotation that is too early with the time to retry.
 */
@EndpointWebExtension(endpoint = CertificatesEndpoint.class)
class CertificatesEndpointWebExtension {

	private static final String PEERS = "peers";

	private final CertificatesEndpoint endpoint;

	private final CertificatesPage page;

	CertificatesEndpointWebExtension(CertificatesEndpoint endpoint, CertificatesPage page) {
		this.endpoint = endpoint;
		this.page = page;
	}

	/**
	 * Shows all certificates in a browser. A client that prefers JSON, or accepts
	 * anything, gets the report instead: Spring prefers the media type that comes first
	 * in the alphabet, and Jersey the one of the higher quality of the source (qs).
	 * @return the page
	 */
	@ReadOperation(produces = "text/html;qs=0.5")
	public WebEndpointResponse<String> page() {
		return new WebEndpointResponse<>(this.page.html(), MimeTypeUtils.TEXT_HTML);
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
	 * Reports what a certificate has beside its report.
	 * @param name its name
	 * @param what {@code peers}
	 * @return 200 with its peers, or 404
	 */
	@ReadOperation
	public @Nullable WebEndpointResponse<Object> peers(@Selector String name, @Selector String what) {
		return PEERS.equals(what) ? response(name, this.endpoint.peers(name), WebEndpointResponse.STATUS_OK) : null;
	}

	/**
	 * Begins to rotate one certificate, or joins the rotation in progress. Requires JSON
	 * with a field, because a page of another origin could send a request without a body
	 * or with one of another type.
	 * @param name its name
	 * @param state the requested state, {@code rotating}
	 * @return 202 with its report, 400, 404, or 429
	 */
	@WriteOperation
	public WebEndpointResponse<Object> rotate(@Selector String name, @Nullable String state) {
		if (!CertificateStatus.State.ROTATING.name().equalsIgnoreCase(state)) {
			return problem(WebEndpointResponse.STATUS_BAD_REQUEST,
					"The certificate is not rotated: send the JSON {\"state\": \"rotating\"} with the content type application/json",
					Map.of());
		}
		try {
			return response(name, this.endpoint.rotate(name), 202);
		}
		catch (InvalidEndpointRequestException ex) {
			return problem(WebEndpointResponse.STATUS_BAD_REQUEST, ex.getReason(), Map.of());
		}
		catch (RotationThrottledException ex) {
			return problem(WebEndpointResponse.STATUS_TOO_MANY_REQUESTS, ex.getMessage(),
					Map.of("retryAt", ex.retryAt()));
		}
	}

	private WebEndpointResponse<Object> response(String name, @Nullable Object report, int status) {
		return (report != null) ? new WebEndpointResponse<>(report, status)
				: problem(WebEndpointResponse.STATUS_NOT_FOUND, "There is no certificate '" + name + "'",
						Map.of("certificates", this.endpoint.certificates().certificates().keySet()));
	}

	private static WebEndpointResponse<Object> problem(int status, @Nullable String message,
			Map<String, Object> further) {
		Map<String, Object> body = new LinkedHashMap<>();
		body.put("message", String.valueOf(message));
		body.putAll(further);
		return new WebEndpointResponse<>(OperationResponseBody.of(body), status);
	}

}
