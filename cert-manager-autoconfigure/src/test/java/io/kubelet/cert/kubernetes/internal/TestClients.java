package io.kubelet.cert.kubernetes.internal;

import java.nio.file.Path;
import java.time.Clock;

import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;

/**
 * Creates clients of the API for tests of other packages.
 */
public final class TestClients {

	private TestClients() {
	}

	public static ApiClient create(Path kubeconfig) {
		return create(kubeconfig, null);
	}

	static ApiClient create(Path kubeconfig, @Nullable String context) {
		return new AccessFiles(new KubeconfigSource(kubeconfig, context), null, null, Clock.systemUTC()).connect(null,
				new ClientSources());
	}

}
