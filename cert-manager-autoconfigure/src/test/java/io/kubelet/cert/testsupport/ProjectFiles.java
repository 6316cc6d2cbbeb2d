package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of the project.
 */
public final class ProjectFiles {

	/** The top level of the project. */
	public static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

	private ProjectFiles() {
	}

	/** Reads a file, whose path may be relative to the top level. */
	public static String read(Path file) {
		try {
			return Files.readString(ROOT.resolve(file));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Reads a file by its path from the top level. */
	public static String read(String file) {
		return read(Path.of(file));
	}

	/** Returns the files in a directory with this ending, in order. */
	public static List<Path> in(String directory, String ending) {
		try (Stream<Path> files = Files.walk(ROOT.resolve(directory))) {
			return files.filter((file) -> Files.isRegularFile(file) && file.toString().endsWith(ending))
				.sorted()
				.toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
