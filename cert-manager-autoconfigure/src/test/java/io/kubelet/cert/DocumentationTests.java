package io.kubelet.cert;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.autoconfigure.settings.SettingsConfiguration;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.testsupport.DocumentedJava;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.Markdown.Block;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xml.sax.InputSource;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the documentation shows works: properties exist and are valid, Java compiles,
 * objects of Kubernetes match their models, links lead somewhere, and messages are those
 * of the code.
 *
 * @see "docs"
 */
class DocumentationTests {

	private static final List<Markdown> DOCUMENTS = Markdown.all();

	private static final Map<String, String> PROPERTIES = properties();

	private static final String SOURCES = sources();

	@ParameterizedTest(name = "{0}")
	@MethodSource("applicationYaml")
	void propertiesExistAndAreValid(Block block) throws IOException {
		List<PropertySource<?>> sources = new YamlPropertySourceLoader().load("documentation",
				new ByteArrayResource(block.content().getBytes(StandardCharsets.UTF_8)));
		for (PropertySource<?> source : sources) {
			assertThat(((EnumerablePropertySource<?>) source).getPropertyNames())
				.allMatch(DocumentationTests::isProperty);
		}
		new ApplicationContextRunner()
			.withInitializer((context) -> sources.forEach(context.getEnvironment().getPropertySources()::addFirst))
			.withUserConfiguration(SettingsConfiguration.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("objectYaml")
	void objectsMatchTheirModels(Block block) throws Exception {
		for (Object document : new Yaml().loadAll(block.content())) {
			JsonObject object = new Gson().toJsonTree(document).getAsJsonObject();
			String kind = object.get("kind").getAsString();
			// The client is older than the first version of the newest kinds
			Class<?> model = Class.forName("io.kubernetes.client.openapi.models."
					+ (kind.equals("ClusterTrustBundle") ? "V1beta1" : "V1") + kind);
			model.getMethod("validateJsonElement", JsonElement.class).invoke(null, object);
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("java")
	void javaCompiles(Markdown document, @TempDir Path output) {
		DocumentedJava.compile(document, output);
	}

	@Test
	void jsonAndXmlAreWellFormed() throws Exception {
		assertThat(blocks("json")).allMatch((block) -> JsonMapper.shared().readTree(block.content()).isObject());
		for (Block block : blocks("xml").toList()) {
			DocumentBuilderFactory.newInstance()
				.newDocumentBuilder()
				.parse(new InputSource(new StringReader("<some>" + block.content() + "</some>")));
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("documents")
	void linksLeadSomewhere(Markdown document) {
		for (String link : document.links()) {
			if (link.contains("://")) {
				continue;
			}
			String[] parts = link.split("#", 2);
			Path target = parts[0].isEmpty() ? document.file() : document.file().resolveSibling(parts[0]).normalize();
			assertThat(target).as("%s links to %s", document, link).exists();
			if (parts.length > 1) {
				assertThat(Markdown.of(ProjectFiles.ROOT.relativize(target).toString()).anchors())
					.as("%s links to %s", document, link)
					.contains(parts[1]);
			}
		}
	}

	/**
	 * Between parts that differ from case to case, which are written as {@code <this>},
	 * each message is a text of the code.
	 */
	@ParameterizedTest(name = "{0}")
	@MethodSource("messages")
	void messageIsOneOfTheCode(String message) {
		for (String part : message.split("<[^>]+>")) {
			assertThat(SOURCES.contains(part.strip())).as("The code has '%s' of '%s'", part.strip(), message).isTrue();
		}
	}

	@Test
	void alertsLeadToASectionOfTheTroubleshootingAtTheAddressOfTheProject() {
		Matcher address = Pattern.compile("<url>(\\S+)</url>\\s+<licenses>").matcher(ProjectFiles.read("pom.xml"));
		assertThat(address.find()).isTrue();
		String rules = ProjectFiles.read("docs/monitoring/rules.yaml");
		List<String> anchors = Markdown.of("docs/troubleshooting.md").anchors();
		assertThat(Pattern.compile("runbook_url: (\\S+)/docs/troubleshooting\\.md#(\\S+)").matcher(rules).results())
			.hasSameSizeAs(Pattern.compile("- alert:").matcher(rules).results().toList())
			.allMatch((runbook) -> runbook.group(1).equals(address.group(1)))
			.allMatch((runbook) -> anchors.contains(runbook.group(2)));
		assertThat(Markdown.of("docs/monitoring/README.md").blocks("shell")).extracting(Block::content)
			.anyMatch((command) -> command.startsWith("sed -i 's|" + address.group(1) + "|"));
	}

	/** The columns are attacker, what is possible, what is not, and the tests. */
	@Test
	void threatModelNamesTestsThatExistOrSaysThatNothingHelps() throws Exception {
		List<String[]> rows = Markdown.of("docs/reference/threat-model.md")
			.prose()
			.map((line) -> line.split("\\|"))
			.filter((cells) -> cells.length == 5 && !cells[4].matches(" shown by |-+"))
			.toList();
		assertThat(rows).hasSizeGreaterThan(40);
		for (String[] row : rows) {
			List<MatchResult> tests = Pattern.compile("`(\\w+)#(\\w+)`").matcher(row[4]).results().toList();
			assertThat(tests.isEmpty() && !row[4].contains("](") && !row[3].startsWith(" nothing")).as(row[1])
				.isFalse();
			for (MatchResult test : tests) {
				KubeletParityTests.requireTest(test.group(1), test.group(2), null);
			}
		}
	}

	@Test
	void fieldsOfTheLogAreThoseOfTheCode() {
		Set<String> documented = Markdown.of("docs/reference/runtime.md")
			.prose()
			.filter((line) -> line.startsWith("| `kubelet.cert."))
			.flatMap((row) -> Pattern.compile("`(kubelet\\.cert\\.\\w+)`").matcher(row).results())
			.map((field) -> field.group(1))
			.collect(Collectors.toSet());
		assertThat(documented).isEqualTo(Pattern.compile("addKeyValue\\(\"([^\"]+)\"")
			.matcher(SOURCES)
			.results()
			.map((field) -> field.group(1))
			.collect(Collectors.toSet()));
	}

	@ParameterizedTest
	@ValueSource(classes = { CertificateStatus.State.class, CertificateStatus.Trigger.class })
	void endpointReferenceHasEveryValueOf(Class<? extends Enum<?>> type) {
		assertThat(Markdown.of("docs/reference/endpoint.md").prose())
			.filteredOn((line) -> line.matches("\\| `[A-Z_]+` \\|.*"))
			.extracting((row) -> row.split("`")[1])
			.containsSequence(Arrays.stream(type.getEnumConstants()).map(Enum::name).toList());
	}

	@Test
	void readmeCallsTheServerThatItConfigures() {
		Markdown readme = Markdown.of("README.md");
		String yaml = String.join("", readme.blocks("yaml").map(Block::content).toList());
		assertThat(readme.blocks("shell").map(Block::content)).filteredOn((block) -> block.contains("--cacert"))
			.singleElement(InstanceOfAssertFactories.STRING)
			.contains("--resolve shop.shop.svc:8443:127.0.0.1 https://shop.shop.svc:8443/");
		assertThat(yaml).contains("port: 8443", "dns-names: shop.shop.svc");
	}

	@Test
	void translationShowsTheSame() {
		Markdown readme = Markdown.of("README.md");
		Markdown translation = Markdown.of("README.zh-CN.md");
		assertThat(translation.blocks()).extracting(Block::language, Block::content)
			.isEqualTo(
					readme.blocks().stream().map((block) -> Tuple.tuple(block.language(), block.content())).toList());
		assertThat(translation.anchors()).hasSameSizeAs(readme.anchors());
		assertThat(withoutTheOther(translation)).isEqualTo(withoutTheOther(readme));
	}

	/** Those of an API server, a signer and an authority. */
	@ParameterizedTest
	@ValueSource(strings = { "API server", "签名者", "签发机构", "颁发者", "的 CA" })
	void translationHasOneWordForEachTerm(String otherWord) {
		assertThat(Markdown.of("README.zh-CN.md").prose()).noneMatch((line) -> line.contains(otherWord));
	}

	private static List<String> withoutTheOther(Markdown document) {
		return document.links().stream().filter((link) -> !link.startsWith("README")).toList();
	}

	static Stream<Markdown> documents() {
		return DOCUMENTS.stream();
	}

	static Stream<Block> applicationYaml() {
		return blocks("yaml").filter((block) -> !isObject(block));
	}

	/** Without custom resources, of which the client has no model. */
	static Stream<Block> objectYaml() {
		return blocks("yaml").filter(DocumentationTests::isObject)
			.filter((block) -> !block.content().contains("policy.cert-manager.io/"));
	}

	static Stream<Markdown> java() {
		return documents().filter((document) -> document.blocks("java").findAny().isPresent());
	}

	static Stream<String> messages() {
		return Markdown.of("docs/troubleshooting.md").blocks("text").flatMap((block) -> block.content().lines());
	}

	private static Stream<Block> blocks(String language) {
		return DOCUMENTS.stream().flatMap((document) -> document.blocks(language));
	}

	private static boolean isObject(Block block) {
		return block.content().contains("apiVersion:");
	}

	static boolean isProperty(String name) {
		String known = name.replaceAll("\\[\\d+]", "")
			.replaceFirst("^kubelet\\.cert\\.additional\\.[^.]+\\.", "kubelet.cert.");
		if (PROPERTIES.containsKey(known)) {
			return true;
		}
		for (int dot = known.lastIndexOf('.'); dot > 0; dot = known.lastIndexOf('.', dot - 1)) {
			if (PROPERTIES.getOrDefault(known.substring(0, dot), "").startsWith("java.util.Map")) {
				return true;
			}
		}
		return false;
	}

	/** The types of all properties on the class path, by name. */
	private static Map<String, String> properties() {
		Map<String, String> properties = new HashMap<>();
		try {
			for (URL metadata : Collections.list(DocumentationTests.class.getClassLoader()
				.getResources("META-INF/spring-configuration-metadata.json"))) {
				JsonMapper.shared()
					.readTree(metadata.openStream())
					.get("properties")
					.valueStream()
					.filter((property) -> property.path("deprecation").path("level").asString("").isEmpty())
					.forEach((property) -> properties.put(property.get("name").asString(),
							property.path("type").asString("")));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return properties;
	}

	/** The code of the project, with its texts in one piece. */
	private static String sources() {
		return ProjectFiles.in("cert-manager-autoconfigure/src/main/java", "")
			.stream()
			.map(ProjectFiles::read)
			.collect(Collectors.joining())
			.replaceAll("\"\\s*(\\.formatted\\([^()]*\\)\\s*)?\\+\\s*\"", "")
			.replace("\\\"", "\"");
	}

}
