package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.lang.reflect.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The reference of the properties is what the configuration metadata says. With the
 * system property {@code docs.generate}, the tables are written anew.
 *
 * @see "docs/reference/properties.md"
 * @see "docs/reference/endpoint.md"
 */
class PropertiesReferenceTests {

	private static final Path FILE = ProjectFiles.ROOT.resolve("docs/reference/properties.md");

	private static final String TABLES = "## Of each certificate";

	@Test
	void referenceIsGeneratedFromTheMetadata() throws IOException {
		String written = Files.readString(FILE);
		String generated = written.substring(0, written.indexOf(TABLES)) + TABLES
				+ "\n\n| property | default | inherited | |\n|---|---|---|---|\n" + rows(false)
				+ "\n## Of the whole application\n\n| property | default | |\n|---|---|---|\n" + rows(true);
		if (Boolean.getBoolean("docs.generate")) {
			Files.writeString(FILE, generated);
		}
		assertThat(Files.readString(FILE)).isEqualTo(generated);
	}

	/** Otherwise editors and Spring Boot's migrator do not know them. */
	@Test
	void propertiesOfTheEndpointAndTheHealthAreInTheMetadata() {
		assertThat(Pattern.compile("management\\.([a-z.-]+\\.certificates\\.[a-z.-]*[a-z])")
			.matcher(ProjectFiles.read("docs/reference/endpoint.md"))
			.results()
			.map((name) -> name.group(1))).isNotEmpty().isSubsetOf(Metadata.ofManagement().keySet());
	}

	private static String rows(boolean ofApplication) {
		StringBuilder rows = new StringBuilder();
		Metadata.properties().forEach((name, property) -> {
			if (isOfApplication(name) == ofApplication) {
				rows.append("| `%s` | %s |%s %s%s |\n".formatted(name, defaultValue(property),
						ofApplication ? "" : isInherited(name, CertificateProperties.class) ? " yes |" : " |",
						values(property), property.get("description").asString()));
			}
		});
		return rows.toString();
	}

	private static boolean isInherited(String name, Class<?> type) {
		String first = name.split("\\.")[0].replace("-", "");
		Parameter parameter = Stream.of(type.getDeclaredConstructors()[0].getParameters())
			.filter((candidate) -> candidate.getName().equalsIgnoreCase(first))
			.findFirst()
			.orElseThrow();
		return parameter.isAnnotationPresent(Inherited.class)
				|| (name.contains(".") && isInherited(name.substring(name.indexOf('.') + 1), parameter.getType()));
	}

	/** A property that an additional certificate does not have. */
	private static boolean isOfApplication(String name) {
		String first = name.split("\\.")[0].replace("-", "");
		return Arrays.stream(CertificateProperties.class.getDeclaredFields())
			.noneMatch((field) -> field.getName().equalsIgnoreCase(first));
	}

	private static String defaultValue(JsonNode property) {
		String value = Metadata.defaultValue(property);
		return value.isEmpty() ? "" : "`" + value + "`";
	}

	/** The values of a property, or of the elements of a list, that has few. */
	private static String values(JsonNode property) {
		try {
			Class<?> type = Class.forName(
					property.get("type").asString().replaceAll("java\\.util\\.List<(.*)>", "$1").replaceAll("<.*", ""));
			return type.isEnum() ? Arrays.stream(type.getEnumConstants())
				.map((value) -> "`" + value.toString().toLowerCase(Locale.ROOT).replace('_', '-') + "`")
				.collect(Collectors.joining(", ", "", ". ")) : "";
		}
		catch (ClassNotFoundException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
