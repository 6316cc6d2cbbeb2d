package io.kubelet.cert;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Replays the inputs that fuzzing begins with, and those that it found, without the
 * fuzzer. The time limit is for what hangs.
 *
 * @see "docs/build.md"
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class FuzzCorpusTests {

	private static final Path TESTS = ProjectFiles.ROOT.resolve("cert-manager-autoconfigure/src/test");

	@ParameterizedTest(name = "{1}")
	@MethodSource("inputs")
	void noInputBreaksThePromise(Method target, Path input) throws Throwable {
		replay(target, Files.readAllBytes(input));
	}

	private static void replay(Method target, byte[] input) throws Throwable {
		target.setAccessible(true);
		Constructor<?> constructor = target.getDeclaringClass().getDeclaredConstructor();
		constructor.setAccessible(true);
		try {
			target.invoke(constructor.newInstance(), (Object) input);
		}
		catch (InvocationTargetException ex) {
			throw ex.getCause();
		}
	}

	/**
	 * Of long texts, as all that is so large. Memory is limited only by these lengths: a
	 * file or an answer of nothing but the shortest elements takes several times 64 MiB.
	 */
	@ParameterizedTest
	@MethodSource
	void inputOfTheGreatestLengthIsCheap(String target, int mebibytes, String begin, String repeated, String end)
			throws Throwable {
		String path = "io/kubelet/cert/" + target;
		int times = (mebibytes * 1024 * 1024 - begin.length() - end.length()) / repeated.length();
		replay(target(path), (begin + repeated.repeat(times) + end).getBytes(StandardCharsets.US_ASCII));
	}

	static Stream<Arguments> inputOfTheGreatestLengthIsCheap() {
		String encoded = "QUJD".repeat(400);
		return Stream.of(
				Arguments.of("kubernetes/internal/KubeconfigFuzz", 1, "clusters:\n",
						"- {name: c, cluster: {server: a, certificate-authority-data: %s}}\n".formatted(encoded), ""),
				Arguments.of("kubernetes/internal/KubeconfigFuzz", 1,
						"\0{\"kind\": \"ExecCredential\", \"status\": {\"token\": \"", encoded, "\"}}"),
				Arguments.of("autoconfigure/kubelet/KubeletConfigurationFuzz", 1,
						"kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\na:\n",
						"- %s\n".formatted(encoded), ""),
				Arguments.of("kubernetes/internal/signing/AnswerFuzz", 4,
						"{\"metadata\": {\"name\": \"a\"}, \"status\": {\"certificate\": \"", encoded,
						"\", \"conditions\": [{\"type\": \"Approved\"}, {\"type\": \"Ready\", \"status\": \"True\"}]}}"),
				Arguments.of("kubernetes/internal/secret/SecretFuzz", 4,
						"\0{\"metadata\": {\"name\": \"a\"}, \"data\": {\"tls.crt\": \"", encoded, "\"}}"),
				Arguments.of("kubernetes/internal/watch/WatchFuzz", 4,
						"\2\0\1\0{\"type\": \"ADDED\", \"object\": {\"metadata\": {\"name\": \"a\", \"resourceVersion\": \"1\"}, \"data\": {\"ca.crt\": \"",
						encoded, "\"}}}"));
	}

	static Stream<Arguments> inputs() {
		return ProjectFiles.in("cert-manager-autoconfigure/src/test/java", "Fuzz.java")
			.stream()
			.map((file) -> TESTS.resolve("java").relativize(file).toString().replace(".java", ""))
			.flatMap(FuzzCorpusTests::inputsOf);
	}

	private static Method target(String path) throws ClassNotFoundException {
		return Arrays.stream(Class.forName(path.replaceAll("[/\\\\]", ".")).getDeclaredMethods())
			.filter((method) -> method.isAnnotationPresent(FuzzTest.class))
			.findFirst()
			.orElseThrow();
	}

	private static Stream<Arguments> inputsOf(String path) {
		try {
			Method target = target(path);
			Path inputs = TESTS.resolve("resources/" + path + "Inputs/" + target.getName());
			try (Stream<Path> files = Files.list(inputs)) {
				return files.sorted().map((file) -> Arguments.of(target, file)).toList().stream();
			}
		}
		catch (IOException | ClassNotFoundException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
