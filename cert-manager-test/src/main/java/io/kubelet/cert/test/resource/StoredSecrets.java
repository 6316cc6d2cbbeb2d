package io.kubelet.cert.test.resource;

import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;

/**
 * The Secrets of an {@link io.kubelet.cert.test.EmbeddedControlPlane}. What is changed
 * here is changed as by an administrator: watches report it, and no permission is needed.
 * Can be used by any thread.
 */
public final class StoredSecrets {

	private static final ResourceType TYPE = new Secrets();

	private final ObjectStore store;

	private final Clock clock;

	public StoredSecrets(ObjectStore store, Clock clock) {
		this.store = store;
		this.clock = clock;
	}

	/**
	 * Read a Secret.
	 * @param namespace the namespace
	 * @param name the name
	 * @return its data, decoded, by key; empty if there is no such Secret
	 */
	public Optional<SortedMap<String, String>> find(String namespace, String name) {
		return Optional.ofNullable(this.store.find(TYPE, namespace, name)).map((secret) -> {
			SortedMap<String, String> data = new TreeMap<>();
			Json.objectAt(secret, "data")
				.asMap()
				.forEach((key, value) -> data.put(key, new String(Base64.getDecoder().decode(Json.text(value)))));
			return data;
		});
	}

	/**
	 * Set keys of a Secret, which is created if there is none, in one change. Its other
	 * keys, its labels and its annotations remain.
	 * @param namespace the namespace
	 * @param name the name
	 * @param data the values by key; {@code tls.crt} and {@code tls.key} of a new Secret
	 * are empty unless they are set
	 */
	public void put(String namespace, String name, Map<String, String> data) {
		JsonObject metadata = Json.object("name", name, "namespace", namespace, "uid", UUID.randomUUID().toString(),
				"resourceVersion", "", "creationTimestamp", this.clock.instant().toString());
		JsonObject created = set(Json.object("tls.crt", "", "tls.key", ""), data);
		if (this.store.create(TYPE, Json.object("kind", TYPE.kind(), "apiVersion", TYPE.apiVersion(), "metadata",
				metadata, "data", created, "type", Secrets.TLS)) == null) {
			this.store.update(TYPE, namespace, name, (secret) -> {
				secret.add("data", set(Json.objectAt(secret, "data"), data));
				return secret;
			});
		}
	}

	private static JsonObject set(JsonObject encoded, Map<String, String> data) {
		data.forEach((key, value) -> encoded.addProperty(key, Base64.getEncoder().encodeToString(value.getBytes())));
		return encoded;
	}

	/**
	 * Make a Secret immutable.
	 * @param namespace the namespace
	 * @param name the name
	 * @throws IllegalArgumentException if there is no such Secret
	 */
	public void makeImmutable(String namespace, String name) {
		try {
			this.store.update(TYPE, namespace, name, (secret) -> {
				secret.addProperty("immutable", true);
				return secret;
			});
		}
		catch (ApiFailure ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	/**
	 * Delete a Secret.
	 * @param namespace the namespace
	 * @param name the name
	 * @throws IllegalArgumentException if there is no such Secret
	 */
	public void delete(String namespace, String name) {
		try {
			this.store.delete(TYPE, namespace, name, "");
		}
		catch (ApiFailure ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	/**
	 * {@return the names of the Secrets of a namespace}
	 * @param namespace the namespace
	 */
	public List<String> names(String namespace) {
		return this.store.list(TYPE, namespace)
			.items()
			.stream()
			.map((secret) -> Json.text(secret, "metadata", "name"))
			.toList();
	}

}
