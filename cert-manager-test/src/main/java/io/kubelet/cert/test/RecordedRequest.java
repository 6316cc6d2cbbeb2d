package io.kubelet.cert.test;

import java.time.Instant;

import io.kubelet.cert.test.resource.CertificateSigningRequests;
import org.jspecify.annotations.Nullable;

/**
 * A request that the control plane was asked.
 *
 * @param method the HTTP method
 * @param path the path, without the query
 * @param query the query as it was sent; empty when there is none
 * @param user who asked; empty when the credentials were refused
 * @param certificateSerial the serial number of the client certificate, as an even number
 * of lower-case hexadecimal digits that the connection was made with; {@code null} when
 * there was none
 * @param status the HTTP status answered, for a watch the one it began with; 0 when the
 * connection was cut instead
 * @param at when it came
 */
public record RecordedRequest(String method, String path, String query, String user, @Nullable String certificateSerial,
		int status, Instant at) {

	private static final String REQUESTS = "/" + CertificateSigningRequests.PLURAL;

	/**
	 * Whether it creates a certificate signing request.
	 * @return whether it does
	 */
	public boolean isCreate() {
		return this.method.equals("POST") && this.path.endsWith(REQUESTS);
	}

	/**
	 * Whether it reads one certificate signing request.
	 * @return whether it does
	 */
	public boolean isGet() {
		return this.method.equals("GET") && this.path.contains(REQUESTS + "/");
	}

	/**
	 * Whether it lists certificate signing requests.
	 * @return whether it does
	 */
	public boolean isList() {
		return this.method.equals("GET") && this.path.endsWith(REQUESTS) && !isWatch();
	}

	/**
	 * Whether it watches, whatever it is.
	 * @return whether it does
	 */
	public boolean isWatch() {
		return this.method.equals("GET") && ("&" + this.query).matches(".*&watch=(1|true)(&.*)?");
	}

	RecordedRequest answered(int answer) {
		return new RecordedRequest(this.method, this.path, this.query, this.user, this.certificateSerial, answer,
				this.at);
	}

}
