package io.kubelet.cert.test.api;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.json.Json;

/**
 * Reads field and label selectors.
 */
final class Selectors {

	private static final Pattern FIELD = Pattern.compile("([^=!\\s]+)\\s*(==|=|!=)\\s*(\\S*)");

	/** A key that is there or not, has a value or not, or has one of several or not. */
	private static final Pattern LABEL = Pattern
		.compile("(!?)\\s*([\\w./-]+)(\\s*(==|=|!=)\\s*(\\S*)|\\s+(in|notin)\\s*\\(([^)]*)\\))?");

	private Selectors() {
	}

	/**
	 * What the request selects from its namespace.
	 * @throws ApiFailure 400 when a selector cannot be read or names an unknown field
	 */
	static Predicate<JsonObject> of(ApiRequest request, ResourceType type) {
		Predicate<JsonObject> selected = (object) -> true;
		for (String requirement : split(request.parameter("fieldSelector"))) {
			selected = selected.and(field(requirement, type));
		}
		for (String requirement : split(request.parameter("labelSelector"))) {
			selected = selected.and(label(requirement));
		}
		return selected;
	}

	private static Predicate<JsonObject> field(String requirement, ResourceType type) {
		Matcher matcher = FIELD.matcher(requirement);
		if (!matcher.matches()) {
			throw ApiFailure.badRequest("invalid field selector: " + requirement);
		}
		String field = matcher.group(1);
		if (!field.equals("metadata.name") && !type.selectableFields().contains(field)) {
			throw ApiFailure.badRequest("field label not supported: " + field);
		}
		String[] path = field.split("\\.");
		String expected = matcher.group(3);
		boolean equal = !matcher.group(2).equals("!=");
		return (object) -> Json.text(object, path).equals(expected) == equal;
	}

	private static Predicate<JsonObject> label(String requirement) {
		Matcher matcher = LABEL.matcher(requirement);
		if (!matcher.matches()) {
			throw ApiFailure.badRequest("unable to parse requirement: " + requirement);
		}
		boolean expected = !matcher.group(1).equals("!") && !"!=".equals(matcher.group(4))
				&& !"notin".equals(matcher.group(6));
		String values = (matcher.group(7) != null) ? matcher.group(7).trim() : matcher.group(5);
		Predicate<String> matching = (matcher.group(3) == null) ? (value) -> true
				: List.of(values.split("\\s*,\\s*"))::contains;
		return (object) -> {
			JsonElement value = Json.at(object, "metadata", "labels", matcher.group(2));
			return (value != null && matching.test(value.getAsString())) == expected;
		};
	}

	/** Split at the commas that are not in parentheses. */
	private static List<String> split(String selector) {
		List<String> requirements = new ArrayList<>();
		for (String part : selector.split(",(?![^(]*\\))")) {
			if (!part.isBlank()) {
				requirements.add(part.trim());
			}
		}
		return requirements;
	}

}
