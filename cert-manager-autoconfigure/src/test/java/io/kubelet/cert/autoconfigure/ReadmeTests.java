package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The README names every property and its default, and none that is not there.
 */
class ReadmeTests {

	private static final Pattern ROW = Pattern.compile("\\| `([a-z.-]+)` \\| (?:`(.*?)`)? ?\\| .*");

	@Test
	void propertiesTableIsThatOfTheConfigurationMetadata() throws IOException {
		assertThat(documented()).isEqualTo(defined());
	}

	private static Map<String, String> documented() throws IOException {
		String readme = Files.readString(Path.of("..", "README.md"));
		String section = readme.substring(readme.indexOf("\n## Properties"), readme.indexOf("\n## Health and metrics"));
		Map<String, String> properties = new TreeMap<>();
		for (String line : section.split("\n")) {
			Matcher row = ROW.matcher(line);
			if (row.matches()) {
				properties.put("kubelet.cert." + row.group(1), (row.group(2) != null) ? row.group(2) : "");
			}
		}
		return properties;
	}

	private static Map<String, String> defined() throws IOException {
		Map<String, String> properties = new TreeMap<>();
		try (InputStream metadata = CertificateManagerAutoConfiguration.class
			.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
			for (JsonNode property : JsonMapper.shared().readTree(metadata).get("properties")) {
				String name = property.get("name").asString();
				if (name.startsWith("kubelet.cert.")) {
					JsonNode value = property.get("defaultValue");
					properties.put(name, (value != null && !value.isArray()) ? value.asString() : "");
				}
			}
		}
		return properties;
	}

}
