package io.kubelet.cert;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CustomObjectsApi;
import org.jspecify.annotations.Nullable;

/**
 * A cluster with cert-manager, whose ClusterIssuer {@code internal} issues: an embedded
 * control plane, or, with the profile {@code real-cluster}, the cluster of a kubeconfig.
 * Its user is the service account {@code shop} in the namespace {@code shop}, with the
 * Role of the how-to guide. An administrator's kubeconfig ({@code -Dadmin.kubeconfig}) is
 * needed to add issuers and to deny.
 *
 * @param kubeconfig the kubeconfig of the application
 * @param administrator the kubeconfig of an administrator, if there is one
 * @param embedded the embedded control plane, if it is one
 */
record CertManagerCluster(Path kubeconfig, @Nullable Path administrator,
		@Nullable EmbeddedControlPlane embedded) implements AutoCloseable {

	static final String NAMESPACE = "shop";

	private static final String GROUP = "cert-manager.io";

	private static final String REQUESTS = "certificaterequests";

	static CertManagerCluster open(Path directory) {
		if (!"real".equals(System.getProperty("cluster"))) {
			EmbeddedControlPlane embedded = EmbeddedControlPlane.start();
			embedded.certManager().clusterIssuer("internal");
			embedded.allowIn(NAMESPACE, "system:serviceaccount:shop:shop",
					Set.of("create", "get", "list", "watch", "delete"), REQUESTS + "." + GROUP);
			return new CertManagerCluster(
					embedded.writeKubeconfig(directory, embedded.addServiceAccount(NAMESPACE, "shop")),
					embedded.writeKubeconfig(directory, embedded.admin()), embedded);
		}
		String kubeconfig = System.getProperty("kubeconfig", "");
		String administrator = System.getProperty("admin.kubeconfig", "");
		if (kubeconfig.isEmpty()) {
			EndToEndCluster.skip("name a cluster with -Dkubeconfig=FILE");
		}
		CertManagerCluster cluster = new CertManagerCluster(Path.of(kubeconfig),
				administrator.isEmpty() ? null : Path.of(administrator), null);
		try {
			cluster.requests();
		}
		catch (ApiException ex) {
			EndToEndCluster.skip("the cluster does not serve cert-manager.io/v1 certificaterequests in the namespace "
					+ NAMESPACE + " to the user of the kubeconfig: " + ex.getCode());
		}
		return cluster;
	}

	/** The UIDs of the requests in the namespace. */
	@SuppressWarnings("unchecked")
	List<Object> requests() throws ApiException {
		Map<String, Object> list = (Map<String, Object>) api(this.kubeconfig)
			.listNamespacedCustomObject(GROUP, "v1", NAMESPACE, REQUESTS)
			.execute();
		return ((List<Map<String, Map<String, Object>>>) list.get("items")).stream()
			.map((request) -> request.get("metadata").get("uid"))
			.toList();
	}

	/** Adds an issuer with a name of its own, as the administrator. */
	void addIssuer(String name) throws ApiException {
		api(requireAdministrator())
			.createClusterCustomObject(GROUP, "v1", "clusterissuers",
					Map.of("apiVersion", "cert-manager.io/v1", "kind", "ClusterIssuer", "metadata",
							Map.of("name", name), "spec", Map.of("ca", Map.of("secretName", "internal-ca"))))
			.execute();
		if (this.embedded != null) {
			this.embedded.certManager().clusterIssuer(name);
		}
	}

	/** Denies a request, as the administrator. */
	@SuppressWarnings("unchecked")
	void deny(String name, String message) throws ApiException {
		CustomObjectsApi api = api(requireAdministrator());
		Map<String, Object> request = (Map<String, Object>) api
			.getNamespacedCustomObject(GROUP, "v1", NAMESPACE, REQUESTS, name)
			.execute();
		if (request.containsKey("status")) {
			EndToEndCluster.skip("the approver of the cluster approves everything");
		}
		request.put("status", Map.of("conditions", List.of(Map.of("type", "Denied", "status", "True", "reason",
				"EndToEnd", "message", message, "lastTransitionTime", "2026-01-01T00:00:00Z"))));
		api.replaceNamespacedCustomObjectStatus(GROUP, "v1", NAMESPACE, REQUESTS, name, request).execute();
	}

	private Path requireAdministrator() {
		if (this.administrator == null) {
			EndToEndCluster.skip("name an administrator with -Dadmin.kubeconfig=FILE");
		}
		return Objects.requireNonNull(this.administrator);
	}

	private static CustomObjectsApi api(Path kubeconfig) {
		return new CustomObjectsApi(TestClients.create(kubeconfig));
	}

	@Override
	public void close() {
		if (this.embedded != null) {
			this.embedded.close();
		}
	}

}
