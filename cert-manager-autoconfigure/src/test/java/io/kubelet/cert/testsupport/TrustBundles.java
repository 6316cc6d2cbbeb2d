package io.kubelet.cert.testsupport;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CustomObjectsApi;

/**
 * ClusterTrustBundles that a user with permission writes, in one version of the API. The
 * client library has no model of all of them.
 */
public final class TrustBundles {

	private static final String GROUP = "certificates.k8s.io";

	private static final String PLURAL = "clustertrustbundles";

	private final CustomObjectsApi api;

	private final String version;

	private final Set<String> created = new HashSet<>();

	public TrustBundles(EmbeddedControlPlane controlPlane, Path directory, String version) {
		this(controlPlane.writeKubeconfig(directory, controlPlane.admin()), version);
	}

	public TrustBundles(Path kubeconfig, String version) {
		this.api = new CustomObjectsApi(TestClients.create(kubeconfig));
		this.version = version;
	}

	/** Create a bundle, of the signer that the name begins with, if any. */
	public void create(String name, Map<String, String> labels, TestAuthority... authorities) throws ApiException {
		create(name, labels, TestAuthority.pem(authorities));
	}

	/** Create a bundle of authorities that are written as PEM. */
	public void create(String name, Map<String, String> labels, String authorities) throws ApiException {
		Map<String, Object> spec = new HashMap<>(Map.of("trustBundle", authorities));
		int colon = name.lastIndexOf(':');
		if (colon >= 0) {
			spec.put("signerName", name.substring(0, colon).replace(':', '/'));
		}
		Map<String, Object> bundle = Map.of("metadata", Map.of("name", name, "labels", labels), "spec", spec);
		this.api.createClusterCustomObject(GROUP, this.version, PLURAL, bundle).execute();
		this.created.add(name);
	}

	/** Put these authorities in place of those there are. */
	@SuppressWarnings("unchecked")
	public void replace(String name, TestAuthority... authorities) throws ApiException {
		Map<String, Map<String, Object>> bundle = (Map<String, Map<String, Object>>) this.api
			.getClusterCustomObject(GROUP, this.version, PLURAL, name)
			.execute();
		Objects.requireNonNull(bundle.get("spec")).put("trustBundle", TestAuthority.pem(authorities));
		this.api.replaceClusterCustomObject(GROUP, this.version, PLURAL, name, bundle).execute();
	}

	public void delete(String name) throws ApiException {
		this.api.deleteClusterCustomObject(GROUP, this.version, PLURAL, name).execute();
		this.created.remove(name);
	}

	/** Delete what was created here and is still there. */
	public void deleteCreated() throws ApiException {
		for (String name : Set.copyOf(this.created)) {
			delete(name);
		}
	}

	/** Whether there is this version of the API. */
	public boolean areServed() throws ApiException {
		try {
			this.api.listClusterCustomObject(GROUP, this.version, PLURAL).execute();
			return true;
		}
		catch (ApiException ex) {
			if (ex.getCode() == 404) {
				return false;
			}
			throw ex;
		}
	}

}
