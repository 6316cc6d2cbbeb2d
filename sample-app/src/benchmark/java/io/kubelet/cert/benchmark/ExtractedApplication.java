package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@link StartedApplication} with the libraries of the sample, or some of them, in the
 * layout to which Spring Boot's {@code extract} unpacks an executable jar: the JVM can
 * archive the classes of these jars, but not those of nested ones.
 *
 * @param jar the jar of the application, whose manifest names its libraries
 */
record ExtractedApplication(Path jar) {

	private static final String LIBRARIES = "BOOT-INF/lib/";

	/**
	 * Writes an application.
	 * @param directory its directory
	 * @param kept the libraries to keep, by file name
	 */
	static ExtractedApplication create(Path directory, Predicate<String> kept) throws IOException {
		Files.createDirectories(directory.resolve("lib"));
		try (JarFile sample = new JarFile(StartupJar.sample().toFile())) {
			sample.stream()
				.filter((entry) -> entry.getName().startsWith(LIBRARIES) && entry.getName().endsWith(".jar"))
				.filter((entry) -> kept.test(entry.getName().substring(LIBRARIES.length())))
				.forEach((entry) -> extract(sample, entry, directory));
		}
		Manifest manifest = new Manifest();
		Attributes attributes = manifest.getMainAttributes();
		attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
		attributes.put(Attributes.Name.MAIN_CLASS, StartedApplication.class.getName());
		try (Stream<Path> libraries = Files.list(directory.resolve("lib"))) {
			attributes.put(Attributes.Name.CLASS_PATH,
					libraries.map((library) -> "lib/" + library.getFileName())
						.sorted()
						.collect(Collectors.joining(" ")));
		}
		Path file = directory.resolve("application.jar");
		try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
			StartupJar.addApplication(jar, "");
		}
		return new ExtractedApplication(file);
	}

	private static void extract(JarFile sample, JarEntry entry, Path directory) {
		try (InputStream bytes = sample.getInputStream(entry)) {
			Files.copy(bytes, directory.resolve("lib").resolve(entry.getName().substring(LIBRARIES.length())));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
