package io.kubelet.cert.testsupport;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.JSON;
import okhttp3.Call;
import org.jspecify.annotations.Nullable;

/**
 * ClusterTrustBundles that a user with permission writes, in one version of the API. The
 * client library has no model of all of them.
 */
public final class TrustBundles {

	private final ApiClient client;

	private final String path;

	private final Set<String> created = new HashSet<>();

	public TrustBundles(EmbeddedControlPlane controlPlane, Path directory, String version) {
		this(controlPlane.writeKubeconfig(directory, controlPlane.admin()), version);
	}

	public TrustBundles(Path kubeconfig, String version) {
		this.client = TestClients.create(kubeconfig);
		this.path = "/apis/certificates.k8s.io/" + version + "/clustertrustbundles";
	}

	/** Create a bundle, of the signer that the name begins with, if any. */
	public void create(String name, Map<String, String> labels, TestAuthority... authorities) throws ApiException {
		Map<String, Object> spec = new HashMap<>(Map.of("trustBundle", pem(authorities)));
		int colon = name.lastIndexOf(':');
		if (colon >= 0) {
			spec.put("signerName", name.substring(0, colon).replace(':', '/'));
		}
		Map<String, Object> bundle = Map.of("metadata", Map.of("name", name, "labels", labels), "spec", spec);
		execute("POST", this.path, JSON.getGson().toJsonTree(bundle));
		this.created.add(name);
	}

	/** Put these authorities in place of those there are. */
	public void replace(String name, TestAuthority... authorities) throws ApiException {
		JsonObject bundle = execute("GET", this.path + "/" + name, null);
		bundle.getAsJsonObject("spec").addProperty("trustBundle", pem(authorities));
		execute("PUT", this.path + "/" + name, bundle);
	}

	public void delete(String name) throws ApiException {
		execute("DELETE", this.path + "/" + name, null);
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
			execute("GET", this.path, null);
			return true;
		}
		catch (ApiException ex) {
			if (ex.getCode() == 404) {
				return false;
			}
			throw ex;
		}
	}

	private JsonObject execute(String method, String path, @Nullable Object body) throws ApiException {
		Call call = this.client.buildCall(null, path, method, List.of(), List.of(), body,
				new HashMap<>(Map.of("Content-Type", "application/json")), new HashMap<>(), new HashMap<>(),
				new String[0], null);
		return this.client.<JsonObject>execute(call, JsonObject.class).getData();
	}

	private static String pem(TestAuthority... authorities) {
		return Pem.write(Arrays.stream(authorities).map(TestAuthority::certificate).toList());
	}

}
