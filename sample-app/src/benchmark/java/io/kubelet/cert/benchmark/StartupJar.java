package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/**
 * An executable jar with the libraries of the sample, or some of them, and
 * {@link StartedApplication} in place of the sample.
 *
 * @param file the jar
 * @param libraries the number of libraries in it
 */
record StartupJar(Path file, int libraries) {

	private static final String CLASSES = "BOOT-INF/classes/";

	private static final String LIBRARIES = "BOOT-INF/lib/";

	private static final List<Class<?>> APPLICATION = List.of(StartedApplication.class, Figures.class, Own.class);

	/**
	 * Creates a jar.
	 * @param sample the executable jar of the sample
	 * @param file the jar to be written
	 * @param kept the libraries to keep, by file name
	 */
	static StartupJar create(Path sample, Path file, Predicate<String> kept) throws IOException {
		int libraries = 0;
		try (JarFile source = new JarFile(sample.toFile())) {
			Manifest manifest = source.getManifest();
			Attributes attributes = manifest.getMainAttributes();
			attributes.putValue("Start-Class", StartedApplication.class.getName());
			attributes.remove(new Attributes.Name("Spring-Boot-Classpath-Index"));
			attributes.remove(new Attributes.Name("Spring-Boot-Layers-Index"));
			try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
				List<JarEntry> entries = source.stream().filter((entry) -> isNeeded(entry.getName(), kept)).toList();
				for (JarEntry entry : entries) {
					libraries += entry.getName().endsWith(".jar") ? 1 : 0;
					copy(source, entry, jar);
				}
				addApplication(jar, CLASSES);
			}
		}
		return new StartupJar(file, libraries);
	}

	/** Adds the classes of {@link StartedApplication}. */
	static void addApplication(JarOutputStream jar, String folder) throws IOException {
		for (Class<?> type : APPLICATION) {
			String name = type.getName().replace('.', '/') + ".class";
			jar.putNextEntry(new JarEntry(folder + name));
			try (InputStream bytes = type.getResourceAsStream("/" + name)) {
				bytes.transferTo(jar);
			}
		}
	}

	private static boolean isNeeded(String name, Predicate<String> kept) {
		if (name.startsWith(LIBRARIES) && name.endsWith(".jar")) {
			return kept.test(name.substring(LIBRARIES.length()));
		}
		return name.startsWith("org/") || name.equals(CLASSES) || name.equals(LIBRARIES);
	}

	/** Libraries have to be stored as they are. */
	private static void copy(JarFile source, JarEntry entry, JarOutputStream jar) throws IOException {
		JarEntry copy = new JarEntry(entry.getName());
		copy.setMethod(entry.getMethod());
		if (entry.getMethod() == JarEntry.STORED) {
			copy.setSize(entry.getSize());
			copy.setCompressedSize(entry.getSize());
			copy.setCrc(entry.getCrc());
		}
		jar.putNextEntry(copy);
		try (InputStream bytes = source.getInputStream(entry)) {
			bytes.transferTo(jar);
		}
	}

	double megabytes() throws IOException {
		return Files.size(this.file) / 1e6;
	}

	/** The executable jar of the sample. */
	static Path sample() throws IOException {
		try (Stream<Path> files = Files.list(Path.of("target"))) {
			return files.filter((file) -> file.getFileName().toString().matches("sample-app-[\\d.]+(-SNAPSHOT)?\\.jar"))
				.findFirst()
				.orElseThrow(() -> new IllegalStateException(
						"There is no executable jar of the sample: run the phase package"));
		}
	}

}
