package io.kubelet.cert.test;

import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.kubelet.cert.test.resource.CertificateRequests;
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

	private static final Pattern REQUESTS = Pattern
		.compile("/(" + CertificateSigningRequests.PLURAL + "|" + CertificateRequests.PLURAL + ")(/[^/]+)?$");

	/**
	 * Whether it creates a request for a certificate.
	 * @return whether it does
	 */
	public boolean isCreate() {
		return this.method.equals("POST") && concerns(false);
	}

	/**
	 * Whether it reads one request for a certificate.
	 * @return whether it does
	 */
	public boolean isGet() {
		return this.method.equals("GET") && concerns(true);
	}

	/**
	 * Whether it lists requests for certificates.
	 * @return whether it does
	 */
	public boolean isList() {
		return this.method.equals("GET") && concerns(false) && !isWatch();
	}

	/**
	 * Whether it deletes one request for a certificate.
	 * @return whether it does
	 */
	public boolean isDelete() {
		return this.method.equals("DELETE") && concerns(true);
	}

	/** Whether it is about one, or all, of the requests for certificates. */
	private boolean concerns(boolean one) {
		Matcher matcher = REQUESTS.matcher(this.path);
		return matcher.find() && (matcher.group(2) != null) == one;
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
