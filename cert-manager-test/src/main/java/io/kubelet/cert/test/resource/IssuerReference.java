package io.kubelet.cert.test.resource;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;

/**
 * The issuer that a certificate request of cert-manager names.
 *
 * @param name its name
 * @param kind its kind
 * @param group its API group
 */
public record IssuerReference(String name, String kind, String group) {

	static IssuerReference of(JsonObject request) {
		JsonObject reference = Json.objectAt(request, "spec", "issuerRef");
		String kind = Json.text(reference, "kind");
		String group = Json.text(reference, "group");
		return new IssuerReference(Json.text(reference, "name"), kind.isEmpty() ? "Issuer" : kind,
				group.isEmpty() ? "cert-manager.io" : group);
	}

	boolean isOfCertManager() {
		return this.group.equals("cert-manager.io");
	}

	/** The message of cert-manager for a request to an issuer that does not exist. */
	public String notFound() {
		return "Referenced \"%s\" not found: %s.%s \"%s\" not found".formatted(this.kind, this.kind.toLowerCase(),
				this.group, this.name);
	}

}
