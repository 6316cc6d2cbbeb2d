package io.kubelet.cert.test.api;

import java.util.List;
import java.util.Map;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;

/**
 * Who asks.
 *
 * @param user the user name
 * @param uid what distinguishes it from an earlier user of the same name; empty if
 * unknown
 * @param groups the groups, {@code system:authenticated} or
 * {@code system:unauthenticated} included
 * @param extra what else is known, by key
 */
public record Caller(String user, String uid, List<String> groups, Map<String, List<String>> extra) {

	public static final Caller ANONYMOUS = new Caller("system:anonymous", List.of("system:unauthenticated"), Map.of());

	public Caller(String user, List<String> groups, Map<String, List<String>> extra) {
		this(user, "", groups, extra);
	}

	public boolean isMember(String group) {
		return this.groups.contains(group);
	}

	/** Add {@code username}, {@code uid}, {@code groups} and {@code extra}. */
	public void describe(JsonObject target) {
		target.addProperty("username", this.user);
		if (!this.uid.isEmpty()) {
			target.addProperty("uid", this.uid);
		}
		target.add("groups", Json.array(this.groups));
		if (!this.extra.isEmpty()) {
			JsonObject values = new JsonObject();
			this.extra.forEach((key, list) -> values.add(key, Json.array(list)));
			target.add("extra", values);
		}
	}

}
