package io.kubelet.cert.rotation.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * A name on the way to a file. If something else takes its place, the path leads to
 * another file. These are the file, its directory, and each link.
 *
 * @param directory the directory with the name, reached without links
 * @param key identifies the directory, whatever its path is; {@code null} on Windows
 * @param name the name
 */
record PathStep(Path directory, @Nullable Object key, Path name) {

	/** As for Linux. */
	private static final int MOST_LINKS = 40;

	/**
	 * Returns the steps of paths, as far as there is something. Blocks while a file
	 * system does not respond.
	 * @param files the paths
	 * @return the steps
	 */
	static Set<PathStep> to(Collection<Path> files) {
		Set<PathStep> steps = new LinkedHashSet<>();
		for (Path file : files) {
			try {
				add(steps, file.toAbsolutePath());
			}
			catch (IOException ex) {
				// The name that is missing is the last step
			}
		}
		return steps;
	}

	private static void add(Set<PathStep> steps, Path file) throws IOException {
		Deque<Path> names = new ArrayDeque<>();
		file.forEach(names::add);
		Path directory = Objects.requireNonNull(file.getRoot());
		Object key = attributes(directory).fileKey();
		int links = 0;
		while (!names.isEmpty() && links <= MOST_LINKS) {
			PathStep step = new PathStep(directory, key, names.remove());
			Path next = directory.resolve(step.name).normalize();
			BasicFileAttributes attributes = step.enter(next, names.size() <= 1, steps);
			if (attributes.isSymbolicLink()) {
				links++;
				Path target = Files.readSymbolicLink(next);
				for (int i = target.getNameCount() - 1; i >= 0; i--) {
					names.addFirst(target.getName(i));
				}
				if (!target.isAbsolute()) {
					continue;
				}
				next = Objects.requireNonNull(target.getRoot());
				attributes = attributes(next);
			}
			directory = next;
			key = attributes.fileKey();
		}
	}

	private BasicFileAttributes enter(Path next, boolean last, Set<PathStep> steps) throws IOException {
		try {
			BasicFileAttributes attributes = attributes(next);
			if (last || attributes.isSymbolicLink()) {
				steps.add(this);
			}
			return attributes;
		}
		catch (IOException ex) {
			steps.add(this);
			throw ex;
		}
	}

	private static BasicFileAttributes attributes(Path path) throws IOException {
		return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
	}

}
