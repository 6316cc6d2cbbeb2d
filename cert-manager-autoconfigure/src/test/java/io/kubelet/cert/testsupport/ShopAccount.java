package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import com.google.gson.JsonObject;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Request;

/**
 * The service account {@code shop} in the namespace {@code shop}.
 */
public final class ShopAccount {

	public static final String NAME = "system:serviceaccount:shop:shop";

	private ShopAccount() {
	}

	/** Lets it request certificates of cert-manager. */
	public static void permitRequests(EmbeddedControlPlane plane) {
		plane.allowIn("shop", NAME, Set.of("create", "list", "watch", "delete"), "certificaterequests.cert-manager.io");
	}

	/** Lets it share a certificate in the Secret {@code shop-tls}. */
	public static void permitSecret(EmbeddedControlPlane plane) {
		plane.allow(NAME, Set.of("get", "list", "watch", "update"), "secrets", "shop-tls");
		plane.allowIn("shop", NAME, Set.of("create"), "secrets");
	}

	/** Changes the Secret as another program does. */
	public static void editSecret(EmbeddedControlPlane plane, Path directory, String manager,
			Consumer<JsonObject> change) throws IOException, ApiException {
		ApiClient admin = Adapter.client(plane.writeKubeconfig(directory, plane.admin()));
		String path = "/api/v1/namespaces/shop/secrets";
		JsonObject secret = ApiObjects.execute(ApiObjects.read(admin, path, "shop-tls"));
		change.accept(secret);
		Request.Builder edit = ApiObjects.replace(admin, path, "shop-tls", secret).request().newBuilder();
		edit.url(admin.getBasePath() + path + "/shop-tls?fieldManager=" + manager);
		ApiObjects.execute(admin.getHttpClient().newCall(edit.build()));
	}

	/** As a tool that knows neither the labels nor the annotations. */
	public static void removeMarks(JsonObject secret) {
		List.of("labels", "annotations").forEach(ApiObjects.member(secret, "metadata")::remove);
	}

	/** Writes its kubeconfig, with which it may request certificates of cert-manager. */
	public static Path writeKubeconfig(EmbeddedControlPlane plane, Path directory) {
		permitRequests(plane);
		return plane.writeKubeconfig(directory, plane.addServiceAccount("shop", "shop"));
	}

}
