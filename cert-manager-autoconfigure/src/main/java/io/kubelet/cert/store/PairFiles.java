package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The names of one pair's files in its directory (contract row C14).
 */
final class PairFiles {

	private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd-HH-mm-ss");

	private static final String DAMAGED = ".damaged";

	private final Path directory;

	private final String pairName;

	private final Pattern dated;

	PairFiles(Path directory, String pairName) {
		this.directory = directory;
		this.pairName = pairName;
		this.dated = Pattern
			.compile(Pattern.quote(pairName) + "-(\\d{4}-\\d{2}-\\d{2}-\\d{2}-\\d{2}-\\d{2})(?:\\.(\\d{1,9}))?\\.pem");
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
	 * A name for a new pair. Two in one second get two names.
	 * @param clock the clock whose local time is in the name
	 * @param attempt which name: 0 is the kubelet's own
	 */
	Path dated(Clock clock, int attempt) {
		String date = DATE.format(LocalDateTime.now(clock));
		return file("-" + date + ((attempt > 0) ? "." + attempt : "") + ".pem");
	}

	/** All pairs under a dated name, the newest first. */
	List<Path> dated() {
		return list((name) -> this.dated.matcher(name).matches()).stream()
			.sorted(Comparator.comparing(this::date).thenComparing(this::number).reversed())
			.toList();
	}

	/** Where a damaged pair is set aside (contract row B7). */
	static Path aside(Path damaged) {
		return damaged.resolveSibling(damaged.getFileName() + DAMAGED);
	}

	/** What was set aside in this directory, the last written first. */
	List<Path> damaged() {
		String current = current().getFileName() + DAMAGED;
		return list((name) -> name.equals(current) || (name.endsWith(DAMAGED)
				&& this.dated.matcher(name.substring(0, name.length() - DAMAGED.length())).matches()))
			.stream()
			.sorted(Comparator.comparing((Path file) -> file.toFile().lastModified())
				.thenComparing(file -> file)
				.reversed())
			.toList();
	}

	/** What was about to become {@link #openRequest()}, if only for a moment. */
	List<Path> unfinished() {
		String prefix = DurableFiles.temporaryPrefix(openRequest());
		return list((name) -> name.startsWith(prefix));
	}

	private List<Path> list(Predicate<String> names) {
		if (!Files.isDirectory(this.directory)) {
			return List.of();
		}
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter((file) -> names.test(file.getFileName().toString())).toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private String date(Path file) {
		return match(file).group(1);
	}

	private int number(Path file) {
		String number = match(file).group(2);
		return (number != null) ? Integer.parseInt(number) : 0;
	}

	private MatchResult match(Path file) {
		Matcher matcher = this.dated.matcher(file.getFileName().toString());
		if (!matcher.matches()) {
			throw new IllegalArgumentException(file + " is no dated file");
		}
		return matcher;
	}

	private Path file(String suffix) {
		return this.directory.resolve(this.pairName + suffix);
	}

}
