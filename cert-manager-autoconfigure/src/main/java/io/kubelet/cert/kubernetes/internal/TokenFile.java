package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;

/**
 * The token in a file, such as that of a service account, which is replaced from time to
 * time. It is read for each request. If it cannot be read, the last one is used.
 */
final class TokenFile implements Supplier<String> {

	private final Path file;

	private volatile String token;

	/**
	 * Reads the token for the first time.
	 * @throws KubernetesConfigurationException if the file cannot be read
	 */
	TokenFile(Path file) {
		this.file = file;
		this.token = read();
	}

	@Override
	public String get() {
		try {
			this.token = read();
		}
		catch (KubernetesConfigurationException ex) {
			// The API server decides whether the last token is still valid
		}
		return this.token;
	}

	private String read() {
		try {
			return TextFile.read(this.file).trim();
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of("The token file " + this.file, "read", ex);
		}
	}

}
