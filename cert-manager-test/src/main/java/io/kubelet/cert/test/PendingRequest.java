package io.kubelet.cert.test;

import java.util.List;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.SigningRequest;

/**
 * A request for a certificate that waits for a decision, as an {@link ApprovalPolicy}
 * sees it.
 *
 * @param name the object's name
 * @param signerName the signer asked; for a request to cert-manager the issuer, as in
 * {@code clusterissuers.cert-manager.io/internal} or
 * {@code issuers.cert-manager.io/shop.internal}
 * @param username who asks
 * @param groups the groups of who asks
 * @param usages the usages asked for
 * @param commonName the common name asked for; may be empty
 * @param organizations the organizations asked for
 * @param dnsNames the DNS names asked for
 * @param ipAddresses the IP addresses asked for
 */
public record PendingRequest(String name, String signerName, String username, List<String> groups, List<String> usages,
		String commonName, List<String> organizations, List<String> dnsNames, List<String> ipAddresses) {

	static PendingRequest of(JsonObject request, String signerName, SigningRequest read) {
		return new PendingRequest(Json.text(request, "metadata", "name"), signerName,
				Json.text(request, "spec", "username"), Json.texts(request, "spec", "groups"),
				Json.texts(request, "spec", "usages"), read.commonName(), read.organizations(), read.dnsNames(),
				read.ipAddresses());
	}

}
