package io.kubelet.cert.kubernetes.internal;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that a client was created from, and which versions of them.
 */
final class ReadFiles {

	private static final Logger logger = LoggerFactory.getLogger(ReadFiles.class);

	private volatile Versions read = Versions.of(List.of());

	/** Why those that replaced others cannot be read. */
	private volatile @Nullable String problem;

	/** Notes the versions of files. What is read of them afterwards is not older. */
	void begin(List<Path> files) {
		this.read = Versions.of(files);
	}

	/**
	 * Calls a listener once for each replacement.
	 * @param changes tells when files may have changed
	 * @param listener has them {@linkplain #readAgain read again}; must not block
	 * @return ends this
	 */
	Runnable follow(FileChanges changes, Runnable listener) {
		if (this.read.files.isEmpty()) {
			return () -> {
			};
		}
		return changes.follow(() -> this.read.files, () -> look(listener), (late) -> {
			// Requests go on meanwhile
		}, Duration.ZERO);
	}

	private void look(Runnable listener) {
		Versions now = Versions.of(this.read.files);
		if (!now.equals(this.read)) {
			this.read = now;
			listener.run();
		}
	}

	/**
	 * Reads files that were replaced. If that fails, they are read at the next look, too,
	 * since one may become readable without another version.
	 * @param reading reads them
	 * @param client the client, which names its server; it goes on as before if reading
	 * fails
	 */
	void readAgain(Runnable reading, ApiClient client) {
		try {
			reading.run();
			this.problem = null;
			logger.info("The API server is {} now, because the kubeconfig, or a file that it names, was replaced",
					client);
		}
		catch (KubernetesConfigurationException ex) {
			this.read = new Versions(this.read.files, "not read");
			if (!Objects.equals(this.problem, ex.getMessage())) {
				this.problem = ex.getMessage();
				logger.warn("{}; the API server is still {}, but not after a restart", ex.getMessage(), client);
			}
		}
	}

	private record Versions(List<Path> files, Object version) {

		static Versions of(List<Path> files) {
			return new Versions(files, TrustSource.versionOf(files));
		}

	}

}
