package io.kubelet.cert.test.api;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.kubelet.cert.test.http.ApiRequest;

/**
 * What a request wants to do, as the authorizer sees it. Parts that a request does not
 * have are empty.
 *
 * @param verb {@code get}, {@code list}, {@code create}, ...
 * @param group the API group; empty for the core group
 * @param version the API version
 * @param namespace the namespace
 * @param resource the plural resource name; empty for a request on a plain path
 * @param subresource the subresource
 * @param name the object's name
 * @param path the path asked for
 */
public record Access(String verb, String group, String version, String namespace, String resource, String subresource,
		String name, String path) {

	private static final Pattern NAME = Pattern.compile("(?:^|,)metadata\\.name==?([^,]+)");

	public static Access to(String verb, String group, String resource, String subresource, String name) {
		return new Access(verb, group, "v1", "", resource, subresource, name, "");
	}

	/** What a request on a path wants. */
	public static Access of(ApiRequest request) {
		List<String> parts = Arrays.stream(request.path().split("/")).filter((part) -> !part.isEmpty()).toList();
		int start = parts.isEmpty() ? 0 : switch (parts.get(0)) {
			case "api" -> 2;
			case "apis" -> 3;
			default -> 0;
		};
		if (start == 0 || parts.size() <= start) {
			return new Access(request.method().toLowerCase(), "", "", "", "", "", "", request.path());
		}
		String group = (start == 3) ? parts.get(1) : "";
		String version = parts.get(start - 1);
		List<String> rest = parts.subList(start, parts.size());
		String namespace = "";
		if (rest.get(0).equals("namespaces") && rest.size() > 1) {
			namespace = rest.get(1);
			if (rest.size() > 2) {
				rest = rest.subList(2, rest.size());
			}
		}
		String name = (rest.size() > 1) ? rest.get(1) : "";
		String subresource = (rest.size() > 2) ? rest.get(2) : "";
		String verb = verb(request, name.isEmpty());
		if (name.isEmpty() && Set.of("list", "watch").contains(verb)) {
			// A list of one by its name is authorized as that one
			Matcher selected = NAME.matcher(request.parameter("fieldSelector"));
			name = selected.find() ? selected.group(1) : "";
		}
		return new Access(verb, group, version, namespace, rest.get(0), subresource, name, request.path());
	}

	private static String verb(ApiRequest request, boolean collection) {
		return switch (request.method()) {
			case "POST" -> "create";
			case "PUT" -> "update";
			case "PATCH" -> "patch";
			case "DELETE" -> collection ? "deletecollection" : "delete";
			default -> request.flag("watch") ? "watch" : collection ? "list" : "get";
		};
	}

	public boolean isResource() {
		return !this.resource.isEmpty();
	}

	/** Returns a name such as {@code certificaterequests.cert-manager.io/status}. */
	public String qualifiedResource() {
		return this.resource + "." + this.group + (this.subresource.isEmpty() ? "" : "/" + this.subresource);
	}

	public String resourceAndSubresource() {
		return this.subresource.isEmpty() ? this.resource : this.resource + "/" + this.subresource;
	}

}
