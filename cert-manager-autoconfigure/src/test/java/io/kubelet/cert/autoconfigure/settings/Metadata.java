package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The properties in the configuration metadata.
 */
final class Metadata {

	private Metadata() {
	}

	/** The properties under the prefix, by their names without it. */
	static Map<String, JsonNode> properties() {
		return properties(PropertyNames.PREFIX + ".");
	}

	/** Those of Spring Boot's groups, by their names without the prefix of these. */
	static Map<String, JsonNode> ofManagement() {
		return properties("management.");
	}

	private static Map<String, JsonNode> properties(String prefix) {
		Map<String, JsonNode> properties = new LinkedHashMap<>();
		try (InputStream metadata = CertificateProperties.class
			.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
			for (JsonNode property : JsonMapper.shared().readTree(metadata).get("properties")) {
				String name = property.get("name").asString();
				if (name.startsWith(prefix)) {
					properties.put(name.substring(prefix.length()), property);
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return properties;
	}

	static String defaultValue(JsonNode property) {
		JsonNode value = property.get("defaultValue");
		return (value != null && !value.isArray()) ? value.asString() : "";
	}

}
