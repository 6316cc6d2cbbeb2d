package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The names of one pair's files in its directory. They are not kept: there may be many
 * pairs, and a name is rarely needed.
 */
final class PairFiles {

	private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd-HH-mm-ss");

	/**
	 * What follows the pair name: a date and, in all but the first file of a second, a
	 * number.
	 */
	private static final Pattern DATED = Pattern
		.compile("-(\\d{4}-\\d{2}-\\d{2}-\\d{2}-\\d{2}-\\d{2})(?:\\.(\\d{1,9}))?\\.pem");

	private static final String DAMAGED = ".damaged";

	private final Path directory;

	private final String pairName;

	PairFiles(Path directory, String pairName) {
		this.directory = directory;
		this.pairName = pairName;
	}

	Path directory() {
		return this.directory;
	}

	/** The link to the current pair. */
	Path current() {
		return file("-current.pem");
	}

	/** The link that is about to become {@link #current()}. */
	Path updated() {
		return file("-updated.pem");
	}

	/** A pair in two files. */
	PairLocation separate() {
		return new PairLocation(file(".crt"), file(".key"));
	}

	/** The open request and its key. */
	Path openRequest() {
		return file("-request.pem");
	}

	/**
	 * Returns a name for a new pair. Two pairs in the same second get two names.
	 * @param clock the clock whose local time is in the name
	 * @param attempt which name: 0 is the one that the kubelet would choose
	 */
	Path dated(Clock clock, int attempt) {
		String date = DATE.format(LocalDateTime.now(clock));
		return file("-" + date + ((attempt > 0) ? "." + attempt : "") + ".pem");
	}

	/** Returns where a damaged pair is set aside. */
	static Path aside(Path damaged) {
		return damaged.resolveSibling(damaged.getFileName() + DAMAGED);
	}

	/**
	 * Returns the files whose names contain the pair's. The directory may hold those of
	 * thousands of other pairs.
	 */
	List<Path> list() {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter((file) -> file.getFileName().toString().contains(this.pairName)).toList();
		}
		catch (NoSuchFileException | NotDirectoryException ex) {
			return List.of();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Returns those of the files that are pairs with a date, the newest first. */
	List<Path> dated(List<Path> files) {
		return files.stream()
			.map((file) -> new Dated(file, matcher(file.getFileName().toString())))
			.filter((dated) -> dated.matcher.matches())
			.sorted(Comparator.comparing(Dated::date).thenComparing(Dated::number).reversed())
			.map(Dated::file)
			.toList();
	}

	/**
	 * Returns those of the files that were set aside, the one that was written last
	 * first.
	 */
	List<Path> damaged(List<Path> files) {
		String current = current().getFileName() + DAMAGED;
		return files.stream()
			.filter((file) -> isDamaged(file.getFileName().toString(), current))
			.sorted(Comparator.comparing((Path file) -> file.toFile().lastModified())
				.thenComparing(file -> file)
				.reversed())
			.toList();
	}

	/**
	 * Returns those of the files that were about to become {@link #openRequest()}. They
	 * exist for a moment, unless a process was killed.
	 */
	List<Path> unfinished(List<Path> files) {
		String prefix = DurableFiles.temporaryPrefix(openRequest());
		return files.stream().filter((file) -> file.getFileName().toString().startsWith(prefix)).toList();
	}

	private boolean isDamaged(String name, String current) {
		return name.endsWith(DAMAGED)
				&& (name.equals(current) || matcher(name.substring(0, name.length() - DAMAGED.length())).matches());
	}

	private Matcher matcher(String name) {
		return DATED.matcher(name.startsWith(this.pairName) ? name.substring(this.pairName.length()) : "");
	}

	private Path file(String suffix) {
		return this.directory.resolve(this.pairName + suffix);
	}

	private record Dated(Path file, Matcher matcher) {

		String date() {
			return this.matcher.group(1);
		}

		int number() {
			String number = this.matcher.group(2);
			return (number != null) ? Integer.parseInt(number) : 0;
		}

	}

}
