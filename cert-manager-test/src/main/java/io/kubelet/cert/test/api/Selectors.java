package io.kubelet.cert.test.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
public final class Selectors {

	private static final Pattern SET = Pattern.compile("(\\S+)\\s+(in|notin)\\s*\\(([^)]*)\\)");

	private static final Pattern EQUALITY = Pattern.compile("([^=!\\s]+)\\s*(==|=|!=)\\s*(\\S*)");

	private Selectors() {
	}

	/**
	 * What the request selects from its namespace.
	 * @throws ApiFailure 400 when a selector cannot be read or names an unknown field
	 */
	public static Predicate<JsonObject> of(ApiRequest request, ResourceType type) {
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
		Matcher matcher = EQUALITY.matcher(requirement);
		if (!matcher.matches()) {
			throw ApiFailure.badRequest("invalid field selector: " + requirement);
		}
		String field = matcher.group(1);
		if (!field.equals("metadata.name") && !(type.isNamespaced() && field.equals("metadata.namespace"))
				&& !type.selectableFields().contains(field)) {
			throw ApiFailure.badRequest("field label not supported: " + field);
		}
		String[] path = field.split("\\.");
		String wanted = matcher.group(3);
		boolean equal = !matcher.group(2).equals("!=");
		return (object) -> Json.text(object, path).equals(wanted) == equal;
	}

	private static Predicate<JsonObject> label(String requirement) {
		Matcher set = SET.matcher(requirement);
		if (set.matches()) {
			Set<String> values = Set.of(set.group(3).trim().split("\\s*,\\s*"));
			boolean in = set.group(2).equals("in");
			return (object) -> {
				JsonElement value = Json.at(object, "metadata", "labels", set.group(1));
				return (value != null && values.contains(value.getAsString())) == in;
			};
		}
		Matcher equality = EQUALITY.matcher(requirement);
		if (equality.matches()) {
			boolean equal = !equality.group(2).equals("!=");
			return (object) -> {
				JsonElement value = Json.at(object, "metadata", "labels", equality.group(1));
				return (value != null && value.getAsString().equals(equality.group(3))) == equal;
			};
		}
		boolean absent = requirement.startsWith("!");
		String key = absent ? requirement.substring(1).trim() : requirement;
		if (!key.matches("[\\w./-]+")) {
			throw ApiFailure.badRequest("unable to parse requirement: " + requirement);
		}
		return (object) -> (Json.at(object, "metadata", "labels", key) == null) == absent;
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
