package io.kubelet.cert.test.api;

import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * Creates, reads, changes, lists, watches and deletes objects of any type.
 */
public final class ObjectRequests {

	/** How many generated names are tried. */
	private static final int NAMES_TRIED = 8;

	private final ObjectStore store;

	private final Clock clock;

	private final Supplier<String> nameSuffixes;

	private final Set<Watch> watches;

	public ObjectRequests(ObjectStore store, Clock clock, Supplier<String> nameSuffixes, Set<Watch> watches) {
		this.store = store;
		this.clock = clock;
		this.nameSuffixes = nameSuffixes;
		this.watches = watches;
	}

	public ApiResponse handle(ResourceType type, Access access, ApiRequest request, Caller caller) {
		if (!access.subresource().isEmpty() && !type.subresources().contains(access.subresource())) {
			throw ApiFailure.noSuchPath();
		}
		boolean collection = access.name().isEmpty() || access.verb().equals("list") || access.verb().equals("watch");
		return switch (access.verb()) {
			case "create" -> require(collection, () -> create(type, access, request, caller));
			case "get" -> found(type, access);
			case "list" -> list(type, access, request);
			case "watch" -> watch(type, access, request);
			case "update" -> require(!collection, () -> update(type, access, request, caller));
			case "delete" -> delete(type, access, request);
			default -> throw ApiFailure.methodNotAllowed();
		};
	}

	private static ApiResponse require(boolean allowed, Supplier<ApiResponse> handler) {
		if (!allowed) {
			throw ApiFailure.methodNotAllowed();
		}
		return handler.get();
	}

	/** If a generated name is taken, another one is tried, several times. */
	private ApiResponse create(ResourceType type, Access access, ApiRequest request, Caller caller) {
		JsonObject submitted = RequestBody.object(request, type);
		boolean generated = Json.text(submitted, "metadata", "name").isEmpty();
		for (int attempt = 1;; attempt++) {
			JsonObject metadata = ObjectMetadata.create(submitted, access.namespace(), this.nameSuffixes,
					this.clock.instant());
			if (type.isCustom()) {
				metadata.addProperty("generation", 1);
			}
			JsonObject object = assemble(type, metadata, type.prepareForCreate(submitted, caller));
			check(type, "", object, null, caller);
			noteManager(type, object, null, request);
			JsonObject created = this.store.create(type, object);
			if (created != null) {
				return ApiResponse.json(201, created, type.warnings(submitted));
			}
			if (!generated || attempt == NAMES_TRIED) {
				throw ApiFailure.alreadyExists(type, Json.text(metadata, "name"), generated);
			}
		}
	}

	private ApiResponse found(ResourceType type, Access access) {
		JsonObject object = this.store.find(type, access.namespace(), access.name());
		if (object == null) {
			throw ApiFailure.notFound(type, access.name());
		}
		return ApiResponse.json(200, type.view(object));
	}

	private ApiResponse list(ResourceType type, Access access, ApiRequest request) {
		Chunk chunk = Chunk.read(this.store, type, access.namespace(), request);
		if (type.isCustom() && !chunk.metadata().has("continue")) {
			chunk.metadata().addProperty("continue", "");
		}
		List<JsonObject> bare = type.isCustom() ? chunk.items()
				: chunk.items().stream().map(ObjectRequests::withoutType).toList();
		return ApiResponse.json(200, Json.object("kind", type.kind() + "List", "apiVersion", type.apiVersion(),
				"metadata", chunk.metadata(), "items", bare));
	}

	private ApiResponse watch(ResourceType type, Access access, ApiRequest request) {
		Predicate<JsonObject> selected = Selectors.of(request, type);
		String since = request.parameter("resourceVersion");
		if (!since.isEmpty() && request.number("resourceVersion") < 0) {
			throw ApiFailure
				.internal("resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax"
					.formatted(since, since));
		}
		return new ApiResponse.Stream(new Watch(this.store, type, access.namespace(), selected, request, this.watches));
	}

	private ApiResponse update(ResourceType type, Access access, ApiRequest request, Caller caller) {
		JsonObject submitted = RequestBody.object(request, type);
		JsonObject stored = this.store.update(type, access.namespace(), access.name(), (existing) -> {
			ObjectMetadata.requireMatch(type, submitted, existing, access.name());
			JsonObject members = type.prepareForUpdate(access.subresource(), submitted, existing.deepCopy());
			JsonObject updated = assemble(type, ObjectMetadata.update(submitted, existing), members);
			check(type, access.subresource(), updated, existing, caller);
			if (updated.equals(type.view(existing))) {
				return existing;
			}
			noteManager(type, updated, existing, request);
			return updated;
		});
		return ApiResponse.json(200, type.view(stored));
	}

	private void noteManager(ResourceType type, JsonObject object, @Nullable JsonObject existing, ApiRequest request) {
		if (type.hasFieldManagers()) {
			ManagedFields.note(object, existing, ManagedFields.manager(request), this.clock.instant().toString());
		}
	}

	private void check(ResourceType type, String subresource, JsonObject object, @Nullable JsonObject existing,
			Caller caller) {
		List<FieldError> errors = ObjectMetadata.validate(type, object);
		errors.addAll(type.validate(subresource, object, existing));
		if (!errors.isEmpty()) {
			throw ApiFailure.invalid(type, Json.text(object, "metadata", "name"), errors);
		}
		type.admit(subresource, object, existing, caller);
	}

	private ApiResponse delete(ResourceType type, Access access, ApiRequest request) {
		String uid = (request.body().length > 0) ? Json.text(RequestBody.deleteOptions(request), "preconditions", "uid")
				: "";
		JsonObject deleted = this.store.delete(type, access.namespace(), access.name(), uid);
		JsonObject details = Json.object("name", access.name());
		if (!type.group().isEmpty()) {
			details.addProperty("group", type.group());
		}
		details.addProperty("kind", type.plural());
		details.addProperty("uid", Json.text(deleted, "metadata", "uid"));
		return ApiResponse.json(200, Json.object("kind", "Status", "apiVersion", "v1", "metadata", new JsonObject(),
				"status", "Success", "details", details));
	}

	private static JsonObject assemble(ResourceType type, JsonObject metadata, JsonObject members) {
		JsonObject object = Json.object("kind", type.kind(), "apiVersion", type.apiVersion(), "metadata", metadata);
		members.entrySet().forEach((member) -> object.add(member.getKey(), member.getValue()));
		return object;
	}

	private static JsonObject withoutType(JsonObject object) {
		JsonObject bare = object.deepCopy();
		bare.remove("kind");
		bare.remove("apiVersion");
		return bare;
	}

}
