package io.kubelet.cert.testsupport;

import java.nio.file.Path;
import java.util.Set;

import io.kubelet.cert.test.EmbeddedControlPlane;

/**
 * The service account {@code shop} in the namespace {@code shop}, which may request
 * certificates of cert-manager.
 */
public final class ShopAccount {

	public static final String NAME = "system:serviceaccount:shop:shop";

	private ShopAccount() {
	}

	/** Writes its kubeconfig. */
	public static Path writeKubeconfig(EmbeddedControlPlane plane, Path directory) {
		plane.allowIn("shop", NAME, Set.of("create", "get", "list", "watch", "delete"),
				"certificaterequests.cert-manager.io");
		return plane.writeKubeconfig(directory, plane.addServiceAccount("shop", "shop"));
	}

}
