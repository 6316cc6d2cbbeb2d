package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * What a kubelet's configuration file says about certificates. As for a kubelet, what is
 * not in it is off, and paths are relative to it.
 *
 * @param rotateCertificates whether the client certificate rotates
 * @param serverTlsBootstrap whether the serving certificate is requested, and rotates
 * @param tlsCertFile file with the serving certificate
 * @param tlsPrivateKeyFile file with its key
 */
record KubeletConfiguration(boolean rotateCertificates, boolean serverTlsBootstrap, @Nullable Path tlsCertFile,
		@Nullable Path tlsPrivateKeyFile) {

	private static final String KIND = "KubeletConfiguration";

	private static final String API_VERSION = "kubelet.config.k8s.io/v1beta1";

	/**
	 * Read a file.
	 * @throws IllegalArgumentException if it is no such file; the message says what to do
	 */
	static KubeletConfiguration read(Path file) {
		Map<?, ?> content = load(file);
		requireText(content, "kind", KIND);
		requireText(content, "apiVersion", API_VERSION);
		KubeletConfiguration configuration = new KubeletConfiguration(flag(content, "rotateCertificates"),
				flag(content, "serverTLSBootstrap"), path(content, "tlsCertFile", file),
				path(content, "tlsPrivateKeyFile", file));
		if ((configuration.tlsCertFile == null) != (configuration.tlsPrivateKeyFile == null)) {
			throw new IllegalArgumentException(
					"It sets only one of tlsCertFile and tlsPrivateKeyFile: set both or none");
		}
		return configuration;
	}

	private static Map<?, ?> load(Path file) {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		try {
			if (new Yaml(new SafeConstructor(options)).load(Files.readString(file)) instanceof Map<?, ?> content) {
				return content;
			}
			throw new IllegalArgumentException(
					"It is empty, or holds no object: name the file of the kubelet's --config");
		}
		catch (IOException ex) {
			throw new IllegalArgumentException(Files.exists(file)
					? "It cannot be read (%s): let the user of this process read it, or name another file".formatted(ex)
					: "There is no such file: name the file of the kubelet's --config, or leave the property out", ex);
		}
		catch (YAMLException ex) {
			throw new IllegalArgumentException("It is not YAML, and has to be mended: " + ex.getMessage(), ex);
		}
	}

	private static void requireText(Map<?, ?> content, String field, String wanted) {
		Object value = content.get(field);
		if (!wanted.equals(value)) {
			throw new IllegalArgumentException(
					"Its %s is '%s', but only '%s' is understood: name the file of the kubelet's ".formatted(field,
							value, wanted) + "--config");
		}
	}

	private static boolean flag(Map<?, ?> content, String field) {
		Object value = content.get(field);
		if (value != null && !(value instanceof Boolean)) {
			throw new IllegalArgumentException("Its %s is '%s': set it to true or false".formatted(field, value));
		}
		return Boolean.TRUE.equals(value);
	}

	private static @Nullable Path path(Map<?, ?> content, String field, Path file) {
		Object value = content.get(field);
		if (value != null && !(value instanceof String)) {
			throw new IllegalArgumentException("Its %s is '%s': set it to the path of a file".formatted(field, value));
		}
		return (value instanceof String path && !path.isEmpty()) ? file.toAbsolutePath().resolveSibling(path) : null;
	}

}
