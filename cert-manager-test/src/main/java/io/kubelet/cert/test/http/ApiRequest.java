package io.kubelet.cert.test.http;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import io.kubelet.cert.test.json.Protobuf;

/**
 * An HTTP request, read in full.
 *
 * @param method the HTTP method
 * @param path the decoded path
 * @param rawQuery the query as it was sent; empty when there is none
 * @param query the decoded query parameters; of several with one name, the first
 * @param contentType the media type of the body, without parameters; JSON also where it
 * was protobuf
 * @param accept what the caller would like to read
 * @param body the body
 */
public record ApiRequest(String method, String path, String rawQuery, Map<String, String> query, String contentType,
		String accept, String body) {

	public static ApiRequest of(String method, URI uri, String contentType, String accept, byte[] body) {
		String rawQuery = (uri.getRawQuery() != null) ? uri.getRawQuery() : "";
		Map<String, String> query = new LinkedHashMap<>();
		for (String pair : rawQuery.split("&")) {
			int equals = pair.indexOf('=');
			String name = decode((equals < 0) ? pair : pair.substring(0, equals));
			query.putIfAbsent(name, (equals < 0) ? "" : decode(pair.substring(equals + 1)));
		}
		int semicolon = contentType.indexOf(';');
		String mediaType = ((semicolon < 0) ? contentType : contentType.substring(0, semicolon)).trim();
		String text = new String(body, StandardCharsets.UTF_8);
		if (mediaType.equals(Protobuf.CONTENT_TYPE)) {
			try {
				text = Protobuf.read(body).toString();
				mediaType = "application/json";
			}
			catch (IllegalArgumentException ex) {
				// Remains what is answered with 415
			}
		}
		return new ApiRequest(method, uri.getPath(), rawQuery, query, mediaType, accept, text);
	}

	private static String decode(String text) {
		return URLDecoder.decode(text, StandardCharsets.UTF_8);
	}

	public String parameter(String name) {
		return this.query.getOrDefault(name, "");
	}

	public boolean flag(String name) {
		String value = this.query.get(name);
		return value != null && (value.equals("1") || value.equalsIgnoreCase("true"));
	}

	public boolean isWatch() {
		return flag("watch");
	}

	/** The one name that the field selector allows; empty when it allows others. */
	public String selectedName() {
		for (String requirement : parameter("fieldSelector").split(",")) {
			if (requirement.startsWith("metadata.name=")) {
				return requirement.substring("metadata.name=".length()).replaceFirst("^=", "");
			}
		}
		return "";
	}

	/** A whole-number parameter, or -1 when it is not given or is no number. */
	public long number(String name) {
		String value = parameter(name);
		return value.matches("\\d{1,18}") ? Long.parseLong(value) : -1;
	}

}
