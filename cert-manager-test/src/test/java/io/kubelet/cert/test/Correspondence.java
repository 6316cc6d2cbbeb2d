package io.kubelet.cert.test;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.kubelet.cert.test.json.Json;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compares what was recorded with what is answered now, and remembers which recorded
 * value corresponds to which present one, to write requests that follow on.
 * <p>
 * Everything must be equal but for:
 * <ul>
 * <li>UIDs, resource versions and continue tokens: the server makes them up. Each
 * recorded UID and resource version must correspond to one present value all along,
 * though.</li>
 * <li>Times: they must be given to the second, in UTC.</li>
 * <li>Issued certificates: see {@link IssuedCertificate} for what must be equal in
 * them.</li>
 * <li>Credential identifiers and the authority's certificate: fingerprints and keys
 * differ by nature.</li>
 * <li>The server's address and the names of its build and of its role bindings: they say
 * how a server was installed, not how it behaves.</li>
 * <li>What Go's parser has to say about ASN.1 that it cannot read.</li>
 * <li>Patches and deletions of collections, and {@code managedFields} but for Secrets:
 * not served. Managers are named after their program.</li>
 * </ul>
 */
final class Correspondence {

	private static final Set<String> MADE_UP = Set.of("uid", "resourceVersion");

	private static final Set<String> INSTALLATION = Set.of("continue", "serverAddress", "gitVersion", "gitCommit",
			"goVersion", "compiler", "platform", "ca.crt", "ca", "manager");

	private static final Set<String> NOT_SERVED = Set.of("managedFields", "storageVersionHash", "verbs");

	private static final Set<String> TIMES = Set.of("creationTimestamp", "lastUpdateTime", "lastTransitionTime",
			"failureTime", "time");

	private final Map<String, String> present = new HashMap<>();

	private final Set<String> notServed = new HashSet<>(NOT_SERVED);

	/** Compare the {@code managedFields} as well. */
	void compareFieldManagers() {
		this.notServed.remove("managedFields");
	}

	/** Compare two answers. */
	void check(JsonElement recorded, JsonElement actual) {
		assertThat(pretty(neutral(actual))).isEqualTo(pretty(neutral(recorded)));
		learn(recorded, actual);
	}

	/** A recorded request, with the present UIDs and resource versions. */
	JsonElement translate(JsonElement recorded) {
		JsonElement copy = recorded.deepCopy();
		JsonObject metadata = Json.objectAt(copy, "metadata");
		for (String member : MADE_UP) {
			if (metadata.has(member)) {
				metadata.addProperty(member, translate(Json.text(metadata, member)));
			}
		}
		return copy;
	}

	/** The present value that corresponds to a recorded one; itself if there is none. */
	String translate(String recorded) {
		return this.present.getOrDefault(recorded, recorded);
	}

	private void learn(JsonElement recorded, JsonElement actual) {
		if (recorded instanceof JsonObject object) {
			object.entrySet().forEach((member) -> {
				JsonElement other = actual.getAsJsonObject().get(member.getKey());
				if (MADE_UP.contains(member.getKey())) {
					String value = member.getValue().getAsString();
					assertThat(this.present.computeIfAbsent(value, (key) -> other.getAsString()))
						.as("%s %s", member.getKey(), value)
						.isEqualTo(other.getAsString());
				}
				else if (member.getKey().equals("certificate") && !member.getValue().equals(other)) {
					IssuedCertificate.check(recorded.getAsJsonObject(), actual.getAsJsonObject());
				}
				else if (other != null && !this.notServed.contains(member.getKey())) {
					learn(member.getValue(), other);
				}
			});
		}
		else if (recorded instanceof JsonArray array) {
			for (int i = 0; i < array.size(); i++) {
				learn(array.get(i), actual.getAsJsonArray().get(i));
			}
		}
	}

	private JsonElement neutral(JsonElement element) {
		if (element instanceof JsonObject object) {
			JsonObject neutral = new JsonObject();
			object.keySet()
				.stream()
				.filter((name) -> !this.notServed.contains(name))
				.sorted()
				.forEach((name) -> neutral.add(name, neutral(name, object.get(name))));
			return neutral;
		}
		if (element instanceof JsonArray array) {
			JsonArray neutral = new JsonArray();
			array.forEach((value) -> neutral.add(neutral(value)));
			return neutral;
		}
		return element;
	}

	private JsonElement neutral(String name, JsonElement value) {
		if (TIMES.contains(name)) {
			String time = value.getAsString();
			return new JsonPrimitive(time.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ") ? "(time)" : time);
		}
		if (MADE_UP.contains(name) || INSTALLATION.contains(name)) {
			return new JsonPrimitive("(" + name + ")");
		}
		if (name.equals("certificate") && value.isJsonPrimitive()) {
			return new JsonPrimitive("(certificate)");
		}
		if (name.equals("authentication.kubernetes.io/credential-id")) {
			return new JsonPrimitive(value.toString().replaceAll("=[0-9a-f-]{36,64}", "=(fingerprint)"));
		}
		if (name.equals("message") || name.equals("reason")) {
			return new JsonPrimitive(value.getAsString()
				.replaceAll("(too old resource version: 1) \\(\\d+\\)", "$1 (resourceVersion)")
				.replaceAll("(asn1: structure error).*", "$1 (details)")
				.replaceAll("(ClusterRoleBinding) \"[^\"]*\"", "$1 (binding)"));
		}
		return neutral(value);
	}

	private static String pretty(JsonElement element) {
		return new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create().toJson(element);
	}

}
