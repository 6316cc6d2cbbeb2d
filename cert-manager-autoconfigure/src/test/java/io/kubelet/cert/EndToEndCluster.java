package io.kubelet.cert;

import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Function;

import io.kubelet.cert.test.EmbeddedControlPlane;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.LoggerFactory;

/**
 * Where the certificates of the end-to-end tests come from: an embedded control plane,
 * or, with the profile {@code real-cluster}, the cluster of a kubeconfig. In both of
 * them, the user of the kubeconfig may do what {@code real-cluster.yaml} or the how-to
 * guide grants.
 *
 * @param kubeconfig the kubeconfig
 * @param embedded the embedded control plane, if it is one
 */
public record EndToEndCluster(Path kubeconfig, @Nullable EmbeddedControlPlane embedded) implements AutoCloseable {

	/**
	 * Opens a cluster.
	 * @param kubeconfig prepares an embedded control plane, and returns the kubeconfig of
	 * its user
	 */
	static EndToEndCluster open(Function<EmbeddedControlPlane, Path> kubeconfig) {
		if ("real".equals(System.getProperty("cluster"))) {
			return new EndToEndCluster(file("kubeconfig", "a cluster"), null);
		}
		EmbeddedControlPlane embedded = EmbeddedControlPlane.start();
		return new EndToEndCluster(kubeconfig.apply(embedded), embedded);
	}

	/** Returns the embedded control plane, without which the test ends. */
	EmbeddedControlPlane requireEmbedded() {
		if (this.embedded == null) {
			skip("only an embedded control plane behaves as this test needs it");
		}
		return Objects.requireNonNull(this.embedded);
	}

	/** Returns the file that a system property names, without which the test ends. */
	public static Path file(String property, String what) {
		String file = System.getProperty(property, "");
		if (file.isEmpty()) {
			skip("name " + what + " with -D" + property + "=FILE");
		}
		return Path.of(file);
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
