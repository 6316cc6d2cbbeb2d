package io.kubelet.cert;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.ProjectFiles;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.platform.commons.support.AnnotationSupport;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every row of {@code docs/kubelet-parity.md}, and every test case of the original, has
 * an implementation and a test that exist.
 *
 * @see "docs/kubelet-parity.md"
 */
class KubeletParityTests {

	private static final Path SOURCES = ProjectFiles.ROOT.resolve("cert-manager-autoconfigure/src/test/java");

	private static final Pattern TEST = Pattern.compile("(\\w+)#(\\w+)(?:\\[(.+)])?");

	private static final Pattern SEVERAL = Pattern.compile("(.+-)(\\d+) to (\\d+)");

	/** It exists for a removed API only. */
	private static final String WITHOUT_TEST = "T-manager-28";

	private static final List<Row> ROWS = read();

	private static final Map<String, Path> TESTS = files("test", "Tests.java");

	private static final Map<String, Path> CLASSES = files("main", ".java");

	@Test
	void noRowIsMissingAndNoneIsThereTwice() {
		List<String> ids = ROWS.stream().map(Row::id).toList();
		assertThat(ids).doesNotHaveDuplicates();
		Map.of("T-manager-%02d", 54, "T-store-%02d", 14, "T-request-%02d", 4, "T-kubelet-%02d", 16, "T-transport-%02d",
				1, "T-bootstrap-%02d", 7, "C%d", 31, "B%d", 14)
			.forEach((id, last) -> assertThat(ids)
				.containsAll(IntStream.rangeClosed(1, last).mapToObj(id::formatted).toList()));
	}

	@Test
	void behaviorsAreDescribed() {
		String page = ProjectFiles.read("docs/kubelet-parity.md");
		assertThat(ROWS).extracting(Row::id)
			.filteredOn((id) -> !id.startsWith("T-"))
			.allMatch((id) -> page.contains("\n| %s | ".formatted(id)));
	}

	@Test
	void implementationAndTestsOfEachRowExist() throws Exception {
		for (Row row : ROWS) {
			assertThat(row.classes()).as(row.id()).isNotEmpty().allMatch(CLASSES::containsKey);
			assertThat(row.tests().isEmpty()).as(row.id()).isEqualTo(row.id().equals(WITHOUT_TEST));
			for (String test : row.tests()) {
				Matcher matcher = TEST.matcher(test);
				assertThat(matcher.matches()).as(test).isTrue();
				requireTest(matcher.group(1), matcher.group(2), matcher.group(3));
			}
		}
	}

	/** Requires that a test exists which the documentation names. */
	static void requireTest(String type, String method, @Nullable String testCase) throws Exception {
		Path file = TESTS.get(type);
		assertThat(file).as(type).isNotNull();
		String name = SOURCES.relativize(file).toString().replace(".java", "").replaceAll("[/\\\\]", ".");
		boolean isTest = Arrays.stream(Class.forName(name).getDeclaredMethods())
			.filter((candidate) -> candidate.getName().equals(method))
			.anyMatch((candidate) -> AnnotationSupport.isAnnotated(candidate, Test.class)
					|| AnnotationSupport.isAnnotated(candidate, ParameterizedTest.class));
		assertThat(isTest).as("%s#%s is a test", type, method).isTrue();
		if (testCase != null) {
			assertThat(ProjectFiles.read(file)).contains("\"" + testCase + "\"");
		}
	}

	private static List<Row> read() {
		return ProjectFiles.read("cert-manager-autoconfigure/src/test/resources/kubelet-parity.md")
			.lines()
			.filter((line) -> line.matches("\\| [A-Z].*"))
			.flatMap(Row::parse)
			.toList();
	}

	private static Map<String, Path> files(String kind, String ending) {
		return ProjectFiles.in("cert-manager-autoconfigure/src/" + kind + "/java", ending)
			.stream()
			.collect(Collectors.toMap((file) -> file.getFileName().toString().replace(".java", ""), (file) -> file,
					(one, other) -> one));
	}

	record Row(String id, List<String> classes, List<String> tests) {

		/** A row for several cases is as many rows, one for each. */
		static Stream<Row> parse(String line) {
			String[] cells = line.split("\\|", -1);
			assertThat(cells).as(line).hasSize(7);
			List<String> classes = list(cells[3].replace("`", ""), ",");
			List<String> tests = list(cells[4], ";");
			Matcher several = SEVERAL.matcher(cells[1].strip());
			if (!several.matches()) {
				return Stream.of(new Row(cells[1].strip(), classes, tests));
			}
			int first = Integer.parseInt(several.group(2));
			List<String> cases = list(cells[2].substring(cells[2].indexOf(": ") + 1), ";");
			assertThat(tests).as(line).allMatch((test) -> test.endsWith("[*]"));
			assertThat(cases).as(line).hasSize(Integer.parseInt(several.group(3)) - first + 1);
			return IntStream.range(0, cases.size())
				.mapToObj((index) -> new Row("%s%02d".formatted(several.group(1), first + index), classes,
						tests.stream().map((test) -> test.replace("*", cases.get(index))).toList()));
		}

		private static List<String> list(String cell, String separator) {
			return Stream.of(cell.split(separator)).map(String::strip).filter((item) -> !item.isEmpty()).toList();
		}

	}

}
