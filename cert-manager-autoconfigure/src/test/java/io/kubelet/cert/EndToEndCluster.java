package io.kubelet.cert;

import java.nio.file.Path;
import java.util.Set;

import io.kubelet.cert.test.EmbeddedControlPlane;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.LoggerFactory;

/**
 * Where the certificates of the end-to-end tests come from: an embedded control plane,
 * or, with the profile {@code real-cluster}, the cluster of a kubeconfig. In both of
 * them, the user of the kubeconfig may do what {@code real-cluster.yaml} grants.
 *
 * @param kubeconfig the kubeconfig
 * @param embedded the embedded control plane, if it is one
 */
record EndToEndCluster(Path kubeconfig, @Nullable EmbeddedControlPlane embedded) implements AutoCloseable {

	/** The signer whose authorities the tests publish. */
	static final String SIGNER = "example.com/end-to-end";

	private static final String USER = "system:bootstrap:abcdef";

	static EndToEndCluster open(Path directory) {
		if (!"real".equals(System.getProperty("cluster"))) {
			EmbeddedControlPlane embedded = EmbeddedControlPlane.start();
			embedded.allow(USER, Set.of("create", "get", "list", "watch", "update", "delete"), "clustertrustbundles");
			embedded.allow(USER, Set.of("attest"), "signers", SIGNER);
			return new EndToEndCluster(embedded.writeKubeconfig(directory), embedded);
		}
		String kubeconfig = System.getProperty("kubeconfig", "");
		if (kubeconfig.isEmpty()) {
			skip("name a cluster with -Dkubeconfig=FILE");
		}
		return new EndToEndCluster(Path.of(kubeconfig), null);
	}

	/** Ends the test, which says so in the log: Maven does not print the reason. */
	static void skip(String reason) {
		LoggerFactory.getLogger(EndToEndCluster.class).warn("Skipped: {}", reason);
		Assumptions.abort(reason);
	}

	@Override
	public void close() {
		if (this.embedded != null) {
			this.embedded.close();
		}
	}

}
