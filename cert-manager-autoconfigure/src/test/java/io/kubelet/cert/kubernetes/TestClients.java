package io.kubelet.cert.kubernetes;

import java.nio.file.Path;

import io.kubernetes.client.openapi.ApiClient;

/**
 * Creates clients of the API for tests of other packages.
 */
public final class TestClients {

	private TestClients() {
	}

	public static ApiClient create(Path kubeconfig) {
		return KubernetesClients.create(kubeconfig, null);
	}

}
