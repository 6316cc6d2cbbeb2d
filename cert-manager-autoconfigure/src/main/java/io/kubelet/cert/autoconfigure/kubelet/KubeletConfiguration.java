package io.kubelet.cert.autoconfigure.kubelet;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;

import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * What a kubelet's configuration file says about a certificate. As for a kubelet, what
 * the file does not set is off, and paths are relative to it.
 *
 * @param rotates whether the certificate is requested, and rotates
 * @param pair the pair that the file names for a serving certificate, {@code null} if
 * there is none
 */
public record KubeletConfiguration(boolean rotates, @Nullable PairLocation pair) {

	/**
	 * Reads a file.
	 * @param file the file
	 * @param profile the certificate
	 * @return what it says about the certificate
	 * @throws IllegalArgumentException if it is not such a file; the message says what to
	 * do
	 */
	public static KubeletConfiguration read(Path file, Profile profile) {
		Map<?, ?> content = load(file);
		require("KubeletConfiguration".equals(content.get("kind"))
				&& "kubelet.config.k8s.io/v1beta1".equals(content.get("apiVersion")),
				"It is no KubeletConfiguration of kubelet.config.k8s.io/v1beta1: name the file of the kubelet's --config");
		if (profile == Profile.KUBELET_CLIENT) {
			return new KubeletConfiguration(isOn(content, "rotateCertificates"), null);
		}
		Path certificate = path(content, "tlsCertFile", file);
		Path privateKey = path(content, "tlsPrivateKeyFile", file);
		require((certificate == null) == (privateKey == null),
				"It sets only one of tlsCertFile and tlsPrivateKeyFile: set both or neither");
		return new KubeletConfiguration(isOn(content, "serverTLSBootstrap"),
				(certificate != null && privateKey != null) ? new PairLocation(certificate, privateKey) : null);
	}

	private static Map<?, ?> load(Path file) {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		try {
			Object content = new Yaml(new SafeConstructor(options)).load(TextFile.read(file));
			return (content instanceof Map<?, ?> object) ? object : Map.of();
		}
		catch (IOException ex) {
			throw new IllegalArgumentException(
					"It cannot be read (%s): name a file that this process may read".formatted(ex), ex);
		}
		catch (RuntimeException ex) {
			// Not YAML; the message may quote a credential
			throw new IllegalArgumentException("It is not valid YAML: correct it");
		}
	}

	private static void require(boolean condition, String otherwise) {
		if (!condition) {
			throw new IllegalArgumentException(otherwise);
		}
	}

	private static boolean isOn(Map<?, ?> content, String field) {
		return Boolean.TRUE.equals(value(content, field, Boolean.class, "true or false"));
	}

	private static @Nullable Path path(Map<?, ?> content, String field, Path file) {
		String path = value(content, field, String.class, "the path of a file");
		try {
			return (path != null && !path.isEmpty()) ? file.toAbsolutePath().resolveSibling(path) : null;
		}
		catch (InvalidPathException ex) {
			throw new IllegalArgumentException("Its %s is no path: set it to the path of a file".formatted(field));
		}
	}

	private static <T> @Nullable T value(Map<?, ?> content, String field, Class<T> type, String remedy) {
		Object value = content.get(field);
		require(value == null || type.isInstance(value),
				"Its %s is %s: set it to %s".formatted(field, describe(value), remedy));
		return type.cast(value);
	}

	/** A list or a mapping may contain itself. */
	private static String describe(@Nullable Object value) {
		return (value instanceof Map || value instanceof Collection) ? "a list or a mapping"
				: "'" + ExternalText.clean(String.valueOf(value)) + "'";
	}

}
