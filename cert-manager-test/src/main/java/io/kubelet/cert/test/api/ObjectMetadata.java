package io.kubelet.cert.test.api;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;

/**
 * The rules of {@code metadata}, which are the same for all types.
 */
final class ObjectMetadata {

	private static final String[] FREE = { "labels", "annotations", "ownerReferences", "finalizers" };

	private ObjectMetadata() {
	}

	static JsonObject create(JsonObject submitted, String namespace, Supplier<String> suffixes, Instant now) {
		JsonObject given = Json.objectAt(submitted, "metadata");
		if (!Json.text(given, "resourceVersion").isEmpty()) {
			throw ApiFailure.badRequest("resourceVersion should not be set on objects to be created");
		}
		JsonObject metadata = Json.pick(given, "name", "generateName");
		String prefix = Json.text(given, "generateName");
		if (Json.text(given, "name").isEmpty() && !prefix.isEmpty()) {
			metadata = Json.object("name", prefix + suffixes.get(), "generateName", prefix);
		}
		if (!namespace.isEmpty()) {
			metadata.addProperty("namespace", namespace);
		}
		metadata.addProperty("uid", UUID.randomUUID().toString());
		metadata.addProperty("resourceVersion", "");
		metadata.addProperty("creationTimestamp", now.toString());
		copyFree(given, metadata);
		return metadata;
	}

	/** What the server made stays; labels, annotations and the like are taken over. */
	static JsonObject update(JsonObject submitted, JsonObject existing) {
		JsonObject metadata = Json.objectAt(existing, "metadata").deepCopy();
		for (String member : FREE) {
			metadata.remove(member);
		}
		copyFree(Json.objectAt(submitted, "metadata"), metadata);
		return metadata;
	}

	private static void copyFree(JsonObject from, JsonObject to) {
		Json.pick(from, FREE).entrySet().forEach((member) -> {
			if (!isEmpty(member.getValue())) {
				to.add(member.getKey(), member.getValue());
			}
		});
	}

	private static boolean isEmpty(JsonElement value) {
		return (value instanceof JsonObject object) ? object.isEmpty()
				: value.isJsonArray() && value.getAsJsonArray().isEmpty();
	}

	static List<FieldError> validate(ResourceType type, JsonObject object) {
		List<FieldError> errors = new ArrayList<>();
		String name = Json.text(object, "metadata", "name");
		if (name.isEmpty()) {
			errors.add(FieldError.required("metadata.name", "name or generateName is required"));
		}
		else if (name.equals(".") || name.equals("..")) {
			errors.add(FieldError.invalid("metadata.name", name, "may not be '" + name + "'"));
		}
		for (String illegal : List.of("/", "%")) {
			if (name.contains(illegal)) {
				errors.add(FieldError.invalid("metadata.name", name, "may not contain '" + illegal + "'"));
			}
		}
		if (errors.isEmpty() && type.isNamedAsSubdomain() && !DnsName.isSubdomain(name)) {
			errors.add(FieldError.invalid("metadata.name", name, DnsName.NO_SUBDOMAIN));
		}
		return errors;
	}

	/** The object written must be the object named, and no older than the one stored. */
	static void requireMatch(ResourceType type, JsonObject submitted, JsonObject existing, String name) {
		String submittedName = Json.text(submitted, "metadata", "name");
		if (!submittedName.isEmpty() && !submittedName.equals(name)) {
			throw ApiFailure.badRequest("the name of the object (%s) does not match the name on the URL (%s)"
				.formatted(submittedName, name));
		}
		String revision = Json.text(submitted, "metadata", "resourceVersion");
		if (revision.isEmpty() && !type.isUpdatedUnconditionally()) {
			throw ApiFailure.withoutRevision(type, name);
		}
		String uid = Json.text(submitted, "metadata", "uid");
		String actualUid = Json.text(existing, "metadata", "uid");
		if (!uid.isEmpty() && !uid.equals(actualUid)) {
			throw ApiFailure.conflict(type, name,
					"Precondition failed: UID in precondition: %s, UID in object meta: %s".formatted(uid, actualUid));
		}
		if (!revision.isEmpty() && !revision.equals(Json.text(existing, "metadata", "resourceVersion"))) {
			throw ApiFailure.conflict(type, name,
					"the object has been modified; please apply your changes to the latest version and try again");
		}
	}

}
