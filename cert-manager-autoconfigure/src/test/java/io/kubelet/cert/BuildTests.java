package io.kubelet.cert;

import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.Markdown.Block;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The commands of the documentation name profiles, modules, tests, properties and files
 * that exist, each JAR has the name of a module, and downloads are pinned.
 *
 * @see "pom.xml"
 */
class BuildTests {

	private static final Pattern IN_PROSE = Pattern.compile("`(\\./mvnw [^`]+)`");

	private static final List<String> MODULES = all("<module>([^<]+)</module>", "pom.xml").toList();

	private static final Set<String> PROFILES = Stream
		.concat(Stream.of("pom.xml"), MODULES.stream().map(BuildTests::pom))
		.flatMap((pom) -> all("<profile>\\s+(?:<!--(?s:.*?)-->\\s+)?<id>([^<]+)</id>", pom))
		.collect(Collectors.toSet());

	@ParameterizedTest(name = "{0}")
	@MethodSource("commands")
	void whatACommandNamesExists(String command) {
		assertThat(PROFILES).containsAll(named(command, " -P([\\w,-]+)"));
		assertThat(MODULES).containsAll(named(command, " -pl ([\\w,-]+)"));
		assertThat(named(command, " -Dtest='?([\\w,]+)")).allMatch(BuildTests::isTest);
		assertThat(named(command, "--((?:kubelet|server|spring|management)\\.[\\w.-]+)="))
			.allMatch(DocumentationTests::isProperty);
		assertThat(named(command, "(?<=\\s)((?:docs|sample-app|cert-manager-[a-z]+)/[\\w./-]+)"))
			.allSatisfy((file) -> assertThat(ProjectFiles.ROOT.resolve(file)).exists());
	}

	/** A new user does not wait until all tests are compiled. */
	@Test
	void firstCommandOfTheReadmeCompilesOnlyWhatItRuns() {
		List<String> commands = Markdown.of("README.md").blocks("shell").map(Block::content).toList();
		assertThat(commands.get(0)).isEqualTo("./mvnw -Psample spring-boot:test-run\n");
		assertThat(all(ofTheSample("<maven.test.skip>(\\w+)<"), "pom.xml")).containsExactly("true");
		assertThat(all(ofTheSample("<maven.test.skip>(\\w+)<"), pom("sample-app"))).containsExactly("false");
		assertThat(all(ofTheSample("<testInclude>\\*\\*/(\\w+)\\.java<"), pom("sample-app")))
			.containsExactly("SampleApplicationOnEmbeddedControlPlane");
	}

	@Test
	void eachModuleHasANameOfItsOwn() {
		assertThat(all("<Automatic-Module-Name>([^<]+)</", "pom.xml")).containsExactly("${automatic.module.name}");
		List<String> names = MODULES.stream()
			.flatMap((module) -> all("<automatic\\.module\\.name>([^<]+)</", pom(module)))
			.toList();
		assertThat(names).hasSameSizeAs(MODULES)
			.doesNotHaveDuplicates()
			.allMatch((name) -> name.matches("io\\.kubelet\\.cert\\.[a-z]+"));
	}

	/** A tag can be moved to other code, and a download can be replaced. */
	@Test
	void whatTheBuildDownloadsIsPinned() {
		assertThat(all("uses: (\\S+)", ".github/workflows/ci.yml")).isNotEmpty()
			.allMatch((action) -> action.matches("[\\w-]+/[\\w-]+@[0-9a-f]{40}"));
		assertThat(all("distributionSha256Sum=([0-9a-f]{64})\\s", ".mvn/wrapper/maven-wrapper.properties")).hasSize(1);
	}

	static Stream<String> commands() {
		List<String> commands = documents()
			.flatMap((document) -> Stream.concat(document.blocks("shell").map(Block::content).flatMap(String::lines),
					document.prose()
						.flatMap((line) -> IN_PROSE.matcher(line).results().map((command) -> command.group(1)))))
			.distinct()
			.toList();
		assertThat(commands).anyMatch((command) -> command.contains(" -P"))
			.anyMatch((command) -> command.contains(" -Dtest="))
			.anyMatch((command) -> command.contains("--kubelet.cert."));
		return commands.stream();
	}

	private static Stream<Markdown> documents() {
		return Stream.concat(Markdown.all().stream(), Stream.of(Markdown.of("CONTRIBUTING.md")));
	}

	@Test
	void sourcesAreInstalledWithoutAProfile() {
		assertThat(ProjectFiles.read("pom.xml").split("<profiles>")[0]).contains("maven-source-plugin</artifactId>",
				"<goal>jar-no-fork</goal>");
	}

	private static String ofTheSample(String pattern) {
		return "<id>sample</id>(?s:(?!</profile>).)*?" + pattern;
	}

	private static List<String> named(String command, String pattern) {
		return Pattern.compile(pattern)
			.matcher(command)
			.results()
			.flatMap((names) -> Stream.of(names.group(1).split(",")))
			.toList();
	}

	private static String pom(String module) {
		return module + "/pom.xml";
	}

	private static Stream<String> all(String pattern, String file) {
		return Pattern.compile(pattern).matcher(ProjectFiles.read(file)).results().map((match) -> match.group(1));
	}

	private static boolean isTest(String name) {
		return MODULES.stream()
			.map((module) -> module + "/src/test")
			.filter((tests) -> Files.exists(ProjectFiles.ROOT.resolve(tests)))
			.anyMatch((tests) -> !ProjectFiles.in(tests, "/" + name + ".java").isEmpty());
	}

}
