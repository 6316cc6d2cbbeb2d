package io.kubelet.cert.faults;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.Deflater;

/**
 * Makes a jar for a program that is started many times: with nothing on its class path
 * that it does not use, nothing compressed and, above all, no signatures, since to verify
 * those takes most of a start.
 */
final class ProgramJar implements AutoCloseable {

	private final JarOutputStream jar;

	private final Set<String> names = new HashSet<>();

	private ProgramJar(Path file) throws IOException {
		this.jar = new JarOutputStream(Files.newOutputStream(file));
		this.jar.setLevel(Deflater.NO_COMPRESSION);
	}

	/**
	 * Write a jar.
	 * @param file the jar
	 * @param types a class out of each folder or jar whose classes it is to hold
	 */
	static void write(Path file, Class<?>... types) throws IOException, URISyntaxException {
		try (ProgramJar jar = new ProgramJar(file)) {
			for (Class<?> type : types) {
				Path source = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
				if (Files.isDirectory(source)) {
					jar.addAll(source);
				}
				else {
					try (FileSystem content = FileSystems.newFileSystem(source)) {
						jar.addAll(content.getPath("/"));
					}
				}
			}
		}
	}

	private void addAll(Path root) throws IOException {
		try (Stream<Path> files = Files.walk(root)) {
			List<Path> classes = files.filter((file) -> file.toString().endsWith(".class")).toList();
			for (Path file : classes) {
				String name = root.relativize(file).toString().replace('\\', '/');
				if (!name.startsWith("META-INF/") && this.names.add(name)) {
					this.jar.putNextEntry(new JarEntry(name));
					Files.copy(file, this.jar);
				}
			}
		}
	}

	@Override
	public void close() throws IOException {
		this.jar.close();
	}

}
