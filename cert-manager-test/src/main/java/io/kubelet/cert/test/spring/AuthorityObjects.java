package io.kubelet.cert.test.spring;

import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * What an application reads of a cluster besides its requests: the authorities, in a
 * ConfigMap and in ClusterTrustBundles, and its node.
 */
final class AuthorityObjects {

	/** The name of the ConfigMap and of the bundle without a signer. */
	static final String NAME = "embedded-control-plane";

	/** The signer of the other bundle. */
	static final String SIGNER = "kubernetes.io/kube-apiserver-serving";

	private AuthorityObjects() {
	}

	/** Lets the application read these objects, as its roles do in a cluster. */
	static void allow(EmbeddedControlPlane controlPlane) {
		for (String resource : List.of("configmaps", "clustertrustbundles", "nodes")) {
			controlPlane.allow("system:bootstrappers", Set.of("get", "list", "watch"), resource);
		}
	}

	static void publish(EmbeddedControlPlane controlPlane, String pem) {
		controlPlane
			.apply(Json
				.object("apiVersion", "v1", "kind", "ConfigMap", "metadata",
						Json.object("name", NAME, "namespace", "default"), "data", Json.object("ca.crt", pem))
				.toString());
		bundle(controlPlane, NAME, Json.object("trustBundle", pem));
		bundle(controlPlane, SIGNER.replace('/', ':') + ":" + NAME,
				Json.object("signerName", SIGNER, "trustBundle", pem));
	}

	private static void bundle(EmbeddedControlPlane controlPlane, String name, Object specification) {
		controlPlane.apply(Json.object("apiVersion", "certificates.k8s.io/v1", "kind", "ClusterTrustBundle", "metadata",
				Json.object("name", name), "spec", specification)
			.toString());
	}

	static void addNode(EmbeddedControlPlane controlPlane, @Nullable String configured) {
		if (configured != null && !configured.isBlank()) {
			String name = configured.strip().toLowerCase(Locale.ROOT);
			controlPlane
				.apply(Json.object("apiVersion", "v1", "kind", "Node", "metadata", Json.object("name", name), "status",
						Json.object("addresses", List.of(Json.object("type", "InternalIP", "address", "127.0.0.1"),
								Json.object("type", "Hostname", "address", name))))
					.toString());
		}
	}

}
