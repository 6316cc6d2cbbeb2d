package io.kubelet.cert.test.resource;

import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;

/**
 * Custom resources of which the server knows no rules: specification and status are kept
 * as they are written.
 */
public final class CustomResources extends ResourceType {

	private final List<String> shortNames;

	private final List<String> categories;

	public CustomResources(String group, String plural, String kind, boolean namespaced, List<String> shortNames,
			List<String> categories) {
		super(group, plural, kind, namespaced);
		this.shortNames = shortNames;
		this.categories = categories;
	}

	@Override
	public boolean isCustom() {
		return true;
	}

	@Override
	public List<String> shortNames() {
		return this.shortNames;
	}

	@Override
	public List<String> categories() {
		return this.categories;
	}

	@Override
	public Set<String> subresources() {
		return Set.of("status");
	}

	@Override
	public boolean isNamedAsSubdomain() {
		return true;
	}

	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		return Json.pick(submitted, "spec");
	}

	@Override
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		boolean status = subresource.equals("status");
		JsonObject members = Json.pick(status ? existing : submitted, "spec");
		Json.pick(status ? submitted : existing, "status")
			.entrySet()
			.forEach((member) -> members.add(member.getKey(), member.getValue()));
		return members;
	}

}
