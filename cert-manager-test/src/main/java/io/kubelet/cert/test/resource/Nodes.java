package io.kubelet.cert.test.resource;

import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;

/**
 * The rules of nodes.
 */
public final class Nodes extends ResourceType {

	public Nodes() {
		super("", "nodes", "Node", false);
	}

	@Override
	public List<String> shortNames() {
		return List.of("no");
	}

	@Override
	public Set<String> subresources() {
		return Set.of("status");
	}

	@Override
	public JsonObject blank() {
		return Json.object("spec", new JsonObject(), "status", status(new JsonObject()));
	}

	/** A new node is not ready, and so nothing is scheduled to it. */
	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		JsonObject spec = Json.objectAt(submitted, "spec");
		if (!spec.has("taints")) {
			spec.add("taints",
					Json.array(List.of(Json.object("key", "node.kubernetes.io/not-ready", "effect", "NoSchedule"))));
		}
		return Json.object("spec", spec, "status", status(Json.objectAt(submitted, "status")));
	}

	@Override
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		boolean status = subresource.equals("status");
		return Json.object("spec", Json.objectAt(status ? existing : submitted, "spec"), "status",
				status(Json.objectAt(status ? submitted : existing, "status")));
	}

	private static JsonObject status(JsonObject given) {
		JsonObject status = given.deepCopy();
		if (!status.has("daemonEndpoints")) {
			status.add("daemonEndpoints", Json.object("kubeletEndpoint", Json.object("Port", 0)));
		}
		JsonObject nodeInfo = Json.objectAt(status, "nodeInfo");
		for (String fact : List.of("machineID", "systemUUID", "bootID", "kernelVersion", "osImage",
				"containerRuntimeVersion", "kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture")) {
			if (!nodeInfo.has(fact)) {
				nodeInfo.addProperty(fact, "");
			}
		}
		status.add("nodeInfo", nodeInfo);
		return status;
	}

}
