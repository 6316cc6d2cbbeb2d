package io.kubelet.cert.test.http;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import javax.net.ssl.SSLPeerUnverifiedException;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpsExchange;

/**
 * An HTTP request, read in full.
 */
public final class ApiRequest {

	private final String method;

	private final String path;

	private final String query;

	private final Map<String, String> parameters = new HashMap<>();

	private final Headers headers;

	private final List<X509Certificate> certificates;

	private final byte[] body;

	ApiRequest(HttpsExchange exchange) throws IOException {
		String rawQuery = exchange.getRequestURI().getRawQuery();
		this.method = exchange.getRequestMethod();
		this.path = exchange.getRequestURI().getPath();
		this.query = (rawQuery != null) ? rawQuery : "";
		for (String pair : this.query.split("&")) {
			int equals = pair.indexOf('=');
			String name = decode((equals < 0) ? pair : pair.substring(0, equals));
			this.parameters.putIfAbsent(name, (equals < 0) ? "" : decode(pair.substring(equals + 1)));
		}
		this.headers = exchange.getRequestHeaders();
		this.certificates = certificates(exchange);
		this.body = exchange.getRequestBody().readAllBytes();
	}

	private static String decode(String text) {
		return URLDecoder.decode(text, StandardCharsets.UTF_8);
	}

	private static List<X509Certificate> certificates(HttpsExchange exchange) {
		try {
			return Arrays.stream(exchange.getSSLSession().getPeerCertificates())
				.map(X509Certificate.class::cast)
				.toList();
		}
		catch (SSLPeerUnverifiedException ex) {
			return List.of();
		}
	}

	public String method() {
		return this.method;
	}

	/** The decoded path. */
	public String path() {
		return this.path;
	}

	/** The query as it was sent; empty when there is none. */
	public String query() {
		return this.query;
	}

	/** A header, of several the first; empty when there is none. */
	public String header(String name) {
		String value = this.headers.getFirst(name);
		return (value != null) ? value : "";
	}

	/** The media type of the body, without parameters; empty when there is none. */
	public String contentType() {
		return header("Content-Type").replaceFirst(";.*", "").trim();
	}

	/** The client's certificates, leaf first; empty when it has none. */
	public List<X509Certificate> certificates() {
		return this.certificates;
	}

	public byte[] body() {
		return this.body;
	}

	/** A decoded query parameter, of several the first; empty when there is none. */
	public String parameter(String name) {
		return this.parameters.getOrDefault(name, "");
	}

	public boolean flag(String name) {
		return parameter(name).equals("1") || parameter(name).equalsIgnoreCase("true");
	}

	/** A whole-number parameter, or -1 when it is not given or is no number. */
	public long number(String name) {
		String value = parameter(name);
		return value.matches("\\d{1,18}") ? Long.parseLong(value) : -1;
	}

}
