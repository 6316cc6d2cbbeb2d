package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

/**
 * Where the certificates come from: an embedded control plane in a process of its own, or
 * the cluster of the kubeconfig that the system property {@code kubeconfig} names.
 */
final class Cluster implements AutoCloseable {

	private final Path kubeconfig;

	private final @Nullable JavaProcess embedded;

	private Cluster(Path kubeconfig, @Nullable JavaProcess embedded) {
		this.kubeconfig = kubeconfig;
		this.embedded = embedded;
	}

	static Cluster open(Path directory) throws IOException {
		String kubeconfig = System.getProperty("kubeconfig", "");
		if (!kubeconfig.isEmpty()) {
			return new Cluster(Path.of(kubeconfig), null);
		}
		JavaProcess embedded = JavaProcess.start(ControlPlaneProcess.class, directory);
		return new Cluster(Path.of(embedded.answer()), embedded);
	}

	Path kubeconfig() {
		return this.kubeconfig;
	}

	String name() {
		return (this.embedded != null) ? "embedded control plane" : this.kubeconfig.toString();
	}

	/** The requests since the last call; not known of a real cluster. */
	double requests() throws IOException {
		return (this.embedded != null) ? Double.parseDouble(this.embedded.ask("")) : Double.NaN;
	}

	/** The CPU time of the control plane so far; not known of a real cluster. */
	double cpuMillis() {
		return (this.embedded != null) ? this.embedded.cpuMillis() : Double.NaN;
	}

	@Override
	public void close() throws IOException {
		if (this.embedded != null) {
			this.embedded.close();
		}
	}

}
