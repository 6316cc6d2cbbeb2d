package io.kubelet.cert.testsupport;

import java.nio.file.Path;
import java.util.Set;

import io.kubelet.cert.test.EmbeddedControlPlane;

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

	/** Writes its kubeconfig, with which it may request certificates of cert-manager. */
	public static Path writeKubeconfig(EmbeddedControlPlane plane, Path directory) {
		permitRequests(plane);
		return plane.writeKubeconfig(directory, plane.addServiceAccount("shop", "shop"));
	}

}
