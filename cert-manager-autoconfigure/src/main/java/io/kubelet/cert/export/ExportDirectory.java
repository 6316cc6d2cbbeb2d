package io.kubelet.cert.export;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;

import io.kubelet.cert.store.DurableFiles;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory with exported files, in the layout of a kubelet's volume: the files of one
 * generation are in a directory of their own, {@code ..data} is a link to the current
 * one, and the names of the files are links through it. So all of them change at once.
 * What others have put into the directory is left as it is.
 */
final class ExportDirectory {

	private static final Logger logger = LoggerFactory.getLogger(ExportDirectory.class);

	private static final String DATA = "..data";

	private static final String RANDOM = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

	/** A link that a killed process was about to rename. */
	private static final Pattern LEFT_LINK = Pattern.compile("\\.(\\.\\.data|[a-z]+\\.[a-z0-9]+)\\." + RANDOM);

	private static final int MAXIMUM_SIZE = 1024 * 1024;

	private final String name;

	private final Path directory;

	private final String prefix;

	private final Pattern generations;

	private final ExportAccess access;

	/** What is to be removed later. */
	private final Set<Path> leaving = new HashSet<>();

	/** What the log says that it cannot be removed. */
	private final Set<Path> remaining = new HashSet<>();

	/** The generation that this process has left, {@code null} before its first. */
	private @Nullable String last;

	/**
	 * Creates access to a directory, which need not exist.
	 * @param name the certificate's name: another one is not replaced
	 */
	ExportDirectory(String name, Path directory, ExportAccess access) {
		this.name = name;
		this.directory = directory;
		this.prefix = "..export-" + name + "-";
		this.generations = Pattern.compile(Pattern.quote(this.prefix) + RANDOM);
		this.access = access;
	}

	/**
	 * Requires that no file is in the way that somebody else has put there.
	 * @throws StoreException if there is one
	 */
	void requireOwn(Set<String> names) throws IOException {
		Path data = this.directory.resolve(DATA);
		if (Files.exists(data, LinkOption.NOFOLLOW_LINKS) && !isGeneration(targetOf(data))) {
			throw new StoreException(
					"The directory %s is a volume of a kubelet, or another certificate is exported to it: its '..data' is left as it is. Export to a directory of its own"
						.formatted(this.directory),
					null);
		}
		for (String name : names) {
			Path file = this.directory.resolve(name);
			if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !isLink(name)) {
				throw new StoreException(
						"The file %s was not exported by this application, and is left as it is. Move it away, or export to a directory of its own"
							.formatted(file),
						null);
			}
		}
	}

	private boolean isLink(String name) throws IOException {
		return targetOf(this.directory.resolve(name)).equals(DATA + "/" + name);
	}

	private static String targetOf(Path link) throws IOException {
		return Files.isSymbolicLink(link) ? Files.readSymbolicLink(link).toString() : "";
	}

	/** Reads a file of the current generation, {@code null} if there is none. */
	byte @Nullable [] read(String name) throws IOException {
		Path file = this.directory.resolve(DATA).resolve(name);
		if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
			return null;
		}
		try (InputStream content = Files.newInputStream(file)) {
			return content.readNBytes(MAXIMUM_SIZE);
		}
	}

	/**
	 * Writes a new generation and makes it the current one, unless the current one holds
	 * the files, and repairs their names. If it fails before that, the previous one
	 * remains.
	 * @param files the content of the files by their names
	 * @param isSame compares a file, by its name, with its content in the directory
	 * @return whether anything was written
	 */
	boolean write(Map<String, byte[]> files, BiPredicate<String, byte[]> isSame) throws IOException {
		reportOtherProcess();
		boolean held = holds(files, isSame);
		if (!held) {
			replace(files);
		}
		this.last = current();
		return linkTo(files.keySet()) || !held;
	}

	private void reportOtherProcess() throws IOException {
		String current = current();
		if (this.last != null && !current.equals(this.last) && isGeneration(current)) {
			logger.warn(
					"[{}] Another process exports a certificate of this name to {} as well: each replaces the files of the other, and drivers and sidecars use either. Export to a directory for each process",
					this.name, this.directory);
		}
	}

	private String current() throws IOException {
		return targetOf(this.directory.resolve(DATA));
	}

	/** Whether it does, with the mode and the group that the files are to have. */
	private boolean holds(Map<String, byte[]> files, BiPredicate<String, byte[]> isSame) {
		try {
			Path current = this.directory.resolve(DATA);
			if (!Files.isDirectory(current) || !names(current).equals(files.keySet())
					|| !this.access.isGiven(current)) {
				return false;
			}
			for (String name : files.keySet()) {
				byte[] content = read(name);
				if (content == null || !this.access.isGiven(current.resolve(name)) || !isSame.test(name, content)) {
					return false;
				}
			}
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private void replace(Map<String, byte[]> files) throws IOException {
		if (!Files.isDirectory(this.directory)) {
			create();
		}
		Path generation = this.directory.resolve(this.prefix + UUID.randomUUID());
		try {
			fill(Files.createDirectory(generation), files);
			DurableFiles.link(this.directory.resolve(DATA), generation.getFileName().toString());
		}
		catch (IOException | RuntimeException ex) {
			remove(List.of(generation));
			throw ex;
		}
	}

	private void create() throws IOException {
		DurableFiles.createDirectory(this.directory);
		try {
			this.access.give(this.directory, this.access.find(this.directory));
		}
		catch (IOException | RuntimeException ex) {
			// It would be found the next time, and not be given any more
			Files.delete(this.directory);
			throw ex;
		}
	}

	/** Returns whether a name was missing, or is not wanted any longer. */
	private boolean linkTo(Set<String> files) throws IOException {
		boolean changed = false;
		for (String name : files) {
			if (!isLink(name)) {
				DurableFiles.link(this.directory.resolve(name), DATA + "/" + name);
				changed = true;
			}
		}
		for (String name : names(this.directory)) {
			if (isLink(name) && !files.contains(name)) {
				Files.delete(this.directory.resolve(name));
				changed = true;
			}
		}
		return changed;
	}

	private void fill(Path generation, Map<String, byte[]> files) throws IOException {
		GroupPrincipal group = this.access.in(generation);
		this.access.give(generation, group);
		for (Map.Entry<String, byte[]> file : files.entrySet()) {
			Path created = generation.resolve(file.getKey());
			DurableFiles.create(created, file.getValue());
			this.access.give(created, group);
		}
		DurableFiles.syncDirectory(generation);
	}

	/**
	 * Returns the generations that have left since the last call, and what killed
	 * processes have left behind.
	 */
	List<Path> others() throws IOException {
		String current = current();
		List<Path> others = new ArrayList<>();
		for (String name : names(this.directory)) {
			Path file = this.directory.resolve(name);
			if (isGeneration(name) ? !name.equals(current)
					: LEFT_LINK.matcher(name).matches() && isOwnTarget(targetOf(file))) {
				others.add(file);
			}
		}
		others.removeIf((other) -> !this.leaving.add(other));
		return others;
	}

	private boolean isOwnTarget(String target) {
		return target.startsWith(DATA + "/") || isGeneration(target);
	}

	private boolean isGeneration(String name) {
		return this.generations.matcher(name).matches();
	}

	/**
	 * Removes what is of no use any longer, unless another process has made it current
	 * again. A failure is only reported, once.
	 */
	void remove(List<Path> others) {
		for (Path other : others) {
			this.leaving.remove(other);
			try {
				if (!other.getFileName().toString().equals(current())) {
					delete(other);
				}
				this.remaining.remove(other);
			}
			catch (IOException ex) {
				if (this.remaining.add(other)) {
					logger.warn("Cannot remove {}: {}", other, ex.toString());
				}
			}
		}
	}

	private static void delete(Path generation) throws IOException {
		if (Files.isDirectory(generation, LinkOption.NOFOLLOW_LINKS)) {
			for (String name : names(generation)) {
				Files.delete(generation.resolve(name));
			}
		}
		Files.deleteIfExists(generation);
	}

	private static Set<String> names(Path directory) throws IOException {
		Set<String> names = new HashSet<>();
		try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
			files.forEach((file) -> names.add(file.getFileName().toString()));
		}
		catch (DirectoryIteratorException ex) {
			throw ex.getCause();
		}
		return names;
	}

}
