package io.kubelet.cert;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One word for one thing: the glossary names the words of the code, and those that no
 * class uses.
 *
 * @see "docs/glossary.md"
 */
class VocabularyTests {

	private static final Pattern LITERAL = Pattern.compile("\"(\\\\.|[^\"\\\\\n])*\"");

	private static final List<Path> SOURCES = Stream.of("cert-manager-autoconfigure", "cert-manager-test")
		.flatMap((module) -> ProjectFiles.in(module + "/src/main/java", ".java").stream())
		.toList();

	static List<String> replaced() {
		return Markdown.of("docs/glossary.md")
			.prose()
			.filter((line) -> line.startsWith("The code does not use"))
			.flatMap((line) -> Pattern.compile("`([^`]+)`").matcher(line).results())
			.map((match) -> match.group(1))
			.toList();
	}

	@ParameterizedTest
	@MethodSource("replaced")
	void wordIsNotUsed(String word) {
		assertThat(SOURCES).filteredOn((file) -> uses(ProjectFiles.read(file), word)).isEmpty();
	}

	/**
	 * A word in lower case may be anywhere, in several forms; others are names of types.
	 */
	private static boolean uses(String source, String word) {
		String code = LITERAL.matcher(source).replaceAll("");
		if (word.endsWith("...")) {
			return Pattern.compile("\\b" + word.substring(0, word.length() - 3) + "[A-Z]").matcher(code).find();
		}
		if (!word.equals(word.toLowerCase(Locale.ROOT))) {
			return Pattern.compile("\\b" + word + "\\b").matcher(code).find();
		}
		String words = code.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
		return Pattern.compile("\\b" + word + "(s|d|ed|ing|al)?\\b").matcher(words).find();
	}

}
