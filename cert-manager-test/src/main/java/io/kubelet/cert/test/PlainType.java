package io.kubelet.cert.test;

import java.util.List;

import com.google.gson.JsonObject;

/**
 * A type whose objects are stored as they come.
 */
final class PlainType extends ResourceType {

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

	static PlainType configMaps() {
		return new PlainType("", "configmaps", "ConfigMap", List.of("cm"), true, "immutable", "data", "binaryData");
	}

	static PlainType leases() {
		return new PlainType("coordination.k8s.io", "leases", "Lease", List.of(), false, "spec");
	}

	@Override
	List<String> shortNames() {
		return this.shortNames;
	}

	@Override
	boolean isNamedAsSubdomain() {
		return true;
	}

	@Override
	boolean isUpdatedUnconditionally() {
		return this.unconditional;
	}

	@Override
	JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		return Json.pick(submitted, this.members);
	}

	@Override
	JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		return Json.pick(submitted, this.members);
	}

}
