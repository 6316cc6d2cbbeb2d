package io.kubelet.cert.certificate;

import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Tests for {@link ExternalText}.
 *
 * @see ExternalText
 */
class ExternalTextTests {

	@ParameterizedTest
	@MethodSource
	void textIsOneLineWithoutInvisibleCharacters(String text, String cleaned) {
		assertThat(ExternalText.clean(text)).isEqualTo(cleaned);
	}

	static Stream<Arguments> textIsOneLineWithoutInvisibleCharacters() {
		return Stream.of(arguments("not this node", "not this node"), arguments("a\nb", "a b"),
				arguments("a\r\n  b\tc\n", "a b c"), arguments("no\u001b[31mERROR", "no [31mERROR"),
				arguments("a\0b\u007fc\u0085d", "a b c d"), arguments("a\u2028b\u2029c", "a b c"),
				arguments("\u202egpj.exe\u202c", "gpj.exe"), arguments("a\u2066b\u2069\u200ec\ufeffd", "a b c d"),
				arguments("\u0645\u06cc\u200c\u062e\u0648\u0627", "\u0645\u06cc\u200c\u062e\u0648\u0627"),
				arguments("\ud83d\ude00 \ud83d!", "\ud83d\ude00 !"));
	}

	@Test
	void longTextIsCutToFiveHundredCharacters() {
		assertThat(ExternalText.clean("x".repeat(500))).isEqualTo("x".repeat(500));
		assertThat(ExternalText.clean("x".repeat(501))).isEqualTo("x".repeat(499) + "\u2026");
	}

}
