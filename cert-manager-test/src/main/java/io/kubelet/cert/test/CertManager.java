package io.kubelet.cert.test;

import java.time.Clock;
import java.util.List;
import java.util.UUID;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.resource.CertificateRequests;
import io.kubelet.cert.test.resource.CustomResources;
import io.kubelet.cert.test.resource.Issuers;

/**
 * The cert-manager of an {@link EmbeddedControlPlane}: its {@code CertificateRequest}
 * API, its approver and its issuers. It is installed once it is asked for its first
 * issuer. Until then, the API server does not know the API group {@code cert-manager.io}.
 * <p>
 * {@link EmbeddedControlPlane#behavior()} also controls its approver and its issuers. Can
 * be used by any thread.
 */
public final class CertManager {

	private static final String GROUP = CertificateRequests.GROUP;

	private static final List<String> CATEGORY = List.of("cert-manager");

	private final List<ResourceType> types;

	private final ObjectStore store;

	private final Issuers issuers;

	private final CertificateRequests requests;

	private final RequestController controller;

	private final Clock clock;

	CertManager(List<ResourceType> types, ObjectStore store, Issuers issuers, CertificateRequests requests,
			RequestController controller, Clock clock) {
		this.types = types;
		this.store = store;
		this.issuers = issuers;
		this.requests = requests;
		this.controller = controller;
		this.clock = clock;
	}

	/**
	 * Install cert-manager without an issuer. Does nothing if it is installed.
	 * @return this
	 */
	public synchronized CertManager install() {
		if (!this.types.contains(this.requests)) {
			this.types.addAll(List.of(this.requests,
					new CustomResources(GROUP, "certificates", "Certificate", true, List.of("cert", "certs"), CATEGORY),
					new CustomResources(GROUP, "clusterissuers", "ClusterIssuer", false, List.of(), CATEGORY),
					new CustomResources(GROUP, "issuers", "Issuer", true, List.of(), CATEGORY)));
		}
		return this;
	}

	/**
	 * Add an issuer for the requests of one namespace. Does nothing if there is one.
	 * @param namespace the namespace
	 * @param name the issuer's name
	 * @return this
	 */
	public CertManager issuer(String namespace, String name) {
		return install().add(GROUP, "Issuer", namespace, name);
	}

	/**
	 * Add an issuer for the requests of all namespaces. Does nothing if there is one.
	 * @param name the issuer's name
	 * @return this
	 */
	public CertManager clusterIssuer(String name) {
		return install().add(GROUP, "ClusterIssuer", "", name);
	}

	/**
	 * Add an external issuer, as if its controller were installed. It serves the requests
	 * of all namespaces.
	 * @param group the API group, as in {@code issuers.example.com}
	 * @param kind the kind
	 * @param name the issuer's name
	 * @return this
	 */
	public synchronized CertManager externalIssuer(String group, String kind, String name) {
		install();
		if (this.issuers.type(group, kind) == null) {
			this.types.add(new CustomResources(group, kind.toLowerCase() + "s", kind, false, List.of(), List.of()));
		}
		return add(group, kind, "", name);
	}

	/**
	 * Let the issuers also sign the approved CertificateSigningRequests that name them,
	 * as in {@code clusterissuers.cert-manager.io/internal}. This feature of cert-manager
	 * is experimental and off by default.
	 * @return this
	 */
	public CertManager signCertificateSigningRequests() {
		this.issuers.signSigningRequests();
		return this;
	}

	/**
	 * Remove an issuer that serves all namespaces. One that is added under the same name
	 * afterwards has another authority.
	 * @param name the issuer's name
	 * @return this
	 * @throws IllegalArgumentException if there is no such issuer
	 */
	public CertManager removeClusterIssuer(String name) {
		try {
			this.store.delete(type(GROUP, "ClusterIssuer"), "", name, "");
			return this;
		}
		catch (ApiFailure ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	/**
	 * The authority of an issuer that serves all namespaces.
	 * @param name the issuer's name
	 * @return the certificate, PEM
	 * @throws IllegalArgumentException if there is no such issuer
	 */
	public String caPem(String name) {
		return caPem(GROUP, "ClusterIssuer", "", name);
	}

	/**
	 * The authority of an issuer of one namespace.
	 * @param namespace the namespace
	 * @param name the issuer's name
	 * @return the certificate, PEM
	 * @throws IllegalArgumentException if there is no such issuer
	 */
	public String caPem(String namespace, String name) {
		return caPem(GROUP, "Issuer", namespace, name);
	}

	/**
	 * The authority of an external issuer.
	 * @param group the API group
	 * @param kind the kind
	 * @param name the issuer's name
	 * @return the certificate, PEM
	 * @throws IllegalArgumentException if there is no such issuer
	 */
	public String caPem(String group, String kind, String name) {
		return caPem(group, kind, "", name);
	}

	private String caPem(String group, String kind, String namespace, String name) {
		JsonObject issuer = this.store.find(type(group, kind), namespace, name);
		if (issuer == null) {
			throw new IllegalArgumentException("There is no " + kind + " " + name);
		}
		return Pem.write(List.of(this.issuers.authority(issuer).certificate()));
	}

	/**
	 * {@return the names of the certificate requests there are, in all namespaces}
	 */
	public List<String> certificateRequests() {
		return this.controller.names((request) -> true);
	}

	/**
	 * {@return the names of those that are neither issued nor denied nor failed}
	 */
	public List<String> pendingCertificateRequests() {
		return this.controller.pendingNames();
	}

	private CertManager add(String group, String kind, String namespace, String name) {
		ResourceType type = type(group, kind);
		JsonObject metadata = Json.object("name", name, "uid", UUID.randomUUID().toString(), "resourceVersion", "",
				"generation", 1, "creationTimestamp", this.clock.instant().toString());
		if (!namespace.isEmpty()) {
			metadata.addProperty("namespace", namespace);
		}
		this.store.create(type, Json.object("apiVersion", type.apiVersion(), "kind", kind, "metadata", metadata, "spec",
				Json.object("ca", Json.object("secretName", name + "-ca"))));
		this.controller.reviewAll();
		return this;
	}

	private ResourceType type(String group, String kind) {
		ResourceType type = this.issuers.type(group, kind);
		if (type == null) {
			throw new IllegalArgumentException("There is no issuer of kind " + kind + " in the API group " + group);
		}
		return type;
	}

}
