package io.kubelet.cert.test;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;

import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Who asks.
 *
 * @param user the user name
 * @param groups the groups, {@code system:authenticated} or
 * {@code system:unauthenticated} included
 * @param extra what else is known, by key
 * @param certificate the client certificate that the caller was authenticated by
 */
record Caller(String user, List<String> groups, Map<String, List<String>> extra,
		@Nullable X509Certificate certificate) {

	static final Caller ANONYMOUS = new Caller("system:anonymous", List.of("system:unauthenticated"), Map.of(), null);

	boolean isMember(String group) {
		return this.groups.contains(group);
	}

	/** Add {@code username}, {@code groups} and {@code extra}. */
	void describe(JsonObject target) {
		target.addProperty("username", this.user);
		target.add("groups", Json.array(this.groups));
		if (!this.extra.isEmpty()) {
			JsonObject values = new JsonObject();
			this.extra.forEach((key, list) -> values.add(key, Json.array(list)));
			target.add("extra", values);
		}
	}

}
