package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * What a kubelet's configuration file says about a certificate. As for a kubelet, what
 * the file does not set is off, and paths are relative to it.
 *
 * @param rotates whether the certificate is requested, and rotates
 * @param pair the pair that the file names for a serving certificate, {@code null} if
 * there is none
 */
record KubeletConfiguration(boolean rotates, @Nullable PairLocation pair) {

	private static final String KIND = "KubeletConfiguration";

	private static final String API_VERSION = "kubelet.config.k8s.io/v1beta1";

	/**
	 * Reads a file.
	 * @throws IllegalArgumentException if it is not such a file; the message says what to
	 * do
	 */
	static KubeletConfiguration read(Path file, Profile profile) {
		Map<?, ?> content = load(file);
		requireText(content, "kind", KIND);
		requireText(content, "apiVersion", API_VERSION);
		boolean client = flag(content, "rotateCertificates");
		boolean serving = flag(content, "serverTLSBootstrap");
		PairLocation pair = pair(path(content, "tlsCertFile", file), path(content, "tlsPrivateKeyFile", file));
		return (profile == Profile.KUBELET_SERVING) ? new KubeletConfiguration(serving, pair)
				: new KubeletConfiguration(client, null);
	}

	private static Map<?, ?> load(Path file) {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		try {
			if (new Yaml(new SafeConstructor(options)).load(TextFile.read(file)) instanceof Map<?, ?> content) {
				return content;
			}
			throw new IllegalArgumentException(
					"It is empty or contains no object: name the file of the kubelet's --config");
		}
		catch (IOException ex) {
			throw new IllegalArgumentException(Files.exists(file)
					? "It cannot be read (%s): make it readable for the user of this process, or name another file"
						.formatted(ex)
					: "There is no such file: name the file of the kubelet's --config, or remove the property", ex);
		}
		catch (YAMLException ex) {
			// The exception quotes the file
			String place = (ex instanceof MarkedYAMLException marked && marked.getProblemMark() != null)
					? " (line " + (marked.getProblemMark().getLine() + 1) + ")" : "";
			throw new IllegalArgumentException("It is not valid YAML" + place + ": correct it");
		}
	}

	private static void requireText(Map<?, ?> content, String field, String wanted) {
		Object value = content.get(field);
		if (!wanted.equals(value)) {
			throw new IllegalArgumentException(
					"Its %s is '%s', but must be '%s': name the file of the kubelet's ".formatted(field, value, wanted)
							+ "--config");
		}
	}

	private static @Nullable PairLocation pair(@Nullable Path certificate, @Nullable Path privateKey) {
		if (certificate != null && privateKey != null) {
			return new PairLocation(certificate, privateKey);
		}
		if (certificate != null || privateKey != null) {
			throw new IllegalArgumentException(
					"It sets only one of tlsCertFile and tlsPrivateKeyFile: set both or neither");
		}
		return null;
	}

	private static boolean flag(Map<?, ?> content, String field) {
		return Boolean.TRUE.equals(value(content, field, Boolean.class, "true or false"));
	}

	private static @Nullable Path path(Map<?, ?> content, String field, Path file) {
		String path = value(content, field, String.class, "the path of a file");
		return (path != null && !path.isEmpty()) ? file.toAbsolutePath().resolveSibling(path) : null;
	}

	private static <T> @Nullable T value(Map<?, ?> content, String field, Class<T> type, String remedy) {
		Object value = content.get(field);
		if (value != null && !type.isInstance(value)) {
			throw new IllegalArgumentException("Its %s is '%s': set it to %s".formatted(field, value, remedy));
		}
		return type.cast(value);
	}

}
