package io.kubelet.cert.test.resource;

import java.util.List;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;

/**
 * The rules of config maps.
 */
public final class ConfigMaps extends ResourceType {

	private static final String[] MEMBERS = { "immutable", "data", "binaryData" };

	public ConfigMaps() {
		super("", "configmaps", "ConfigMap", true);
	}

	@Override
	public List<String> shortNames() {
		return List.of("cm");
	}

	@Override
	public boolean isNamedAsSubdomain() {
		return true;
	}

	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		return Json.pick(submitted, MEMBERS);
	}

	@Override
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		return Json.pick(submitted, MEMBERS);
	}

}
