package io.kubelet.cert;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
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
		target.setAccessible(true);
		Constructor<?> constructor = target.getDeclaringClass().getDeclaredConstructor();
		constructor.setAccessible(true);
		try {
			target.invoke(constructor.newInstance(), Files.readAllBytes(input));
		}
		catch (InvocationTargetException ex) {
			throw ex.getCause();
		}
	}

	static Stream<Arguments> inputs() {
		return ProjectFiles.in("cert-manager-autoconfigure/src/test/java", "Fuzz.java")
			.stream()
			.map((file) -> TESTS.resolve("java").relativize(file).toString().replace(".java", ""))
			.flatMap(FuzzCorpusTests::inputsOf);
	}

	private static Stream<Arguments> inputsOf(String path) {
		try {
			Method target = Arrays.stream(Class.forName(path.replaceAll("[/\\\\]", ".")).getDeclaredMethods())
				.filter((method) -> method.isAnnotationPresent(FuzzTest.class))
				.findFirst()
				.orElseThrow();
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
