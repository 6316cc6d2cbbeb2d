package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * The token in a file, such as the one of a service account, which is replaced every now
 * and then. It is read for each request. What is no token then changes nothing: the last
 * one is used.
 */
final class TokenFile implements Supplier<String> {

	private final Path file;

	private volatile String token;

	/**
	 * Create it, and read the file.
	 * @throws KubernetesConfigurationException if it holds no token
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
			// The API server says whether the last one is still good
		}
		return this.token;
	}

	private String read() {
		try {
			String token = Files.readString(this.file).trim();
			if (Credentials.fitsHeader(token)) {
				return token;
			}
			throw new KubernetesConfigurationException(
					"The token file " + this.file + " holds no token: it must be one line without spaces");
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of("The token file " + this.file, "read", ex);
		}
	}

}
