package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * What the certificates of a node share. A further certificate takes from the first what
 * it does not say itself.
 *
 * @param property the property with the node's name
 * @param configuredName its value
 * @param configuration what the kubelet's configuration file says
 */
record NodeSettings(String property, @Nullable String configuredName, @Nullable KubeletConfiguration configuration) {

	static NodeSettings of(String prefix, CertificateProperties properties, @Nullable NodeSettings first) {
		KubeletConfiguration configuration = read(prefix + ".config-file", properties.configFile());
		if (first != null && configuration == null) {
			configuration = first.configuration;
		}
		if (first != null && properties.nodeName() == null) {
			return new NodeSettings(first.property, first.configuredName, configuration);
		}
		NodeSettings settings = new NodeSettings(prefix + ".node-name", properties.nodeName(), configuration);
		if (properties.nodeName() != null) {
			settings.name();
		}
		return settings;
	}

	/** The node's name, by default the host's. */
	String name() {
		try {
			return NodeName.of(this.configuredName);
		}
		catch (IllegalArgumentException ex) {
			throw new InvalidConfigurationPropertyValueException(this.property, this.configuredName, ex.getMessage());
		}
	}

	private static @Nullable KubeletConfiguration read(String property, @Nullable Path file) {
		try {
			return (file != null) ? KubeletConfiguration.read(file) : null;
		}
		catch (IllegalArgumentException ex) {
			throw new InvalidConfigurationPropertyValueException(property, file, ex.getMessage());
		}
	}

}
