package io.kubelet.cert.test.resource;

import java.util.List;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;

/**
 * A type whose objects are stored as they come.
 */
public final class PlainType extends ResourceType {

	private final String[] members;

	private final List<String> shortNames;

	private final boolean unconditional;

	private PlainType(String group, String plural, String kind, List<String> shortNames, boolean unconditional,
			String... members) {
		super(group, plural, kind, true);
		this.members = members;
		this.shortNames = shortNames;
		this.unconditional = unconditional;
	}

	public static PlainType configMaps() {
		return new PlainType("", "configmaps", "ConfigMap", List.of("cm"), true, "immutable", "data", "binaryData");
	}

	public static PlainType leases() {
		return new PlainType("coordination.k8s.io", "leases", "Lease", List.of(), false, "spec");
	}

	@Override
	public List<String> shortNames() {
		return this.shortNames;
	}

	@Override
	public boolean isNamedAsSubdomain() {
		return true;
	}

	@Override
	public boolean isUpdatedUnconditionally() {
		return this.unconditional;
	}

	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		return Json.pick(submitted, this.members);
	}

	@Override
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		return Json.pick(submitted, this.members);
	}

}
