package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ExternalText;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of one pair in its directory: their names, and the removal of old ones. Names
 * are computed when they are needed, since there may be many pairs.
 */
final class PairFiles {

	private static final Logger logger = LoggerFactory.getLogger(PairFiles.class);

	private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd-HH-mm-ss");

	private static final int DATE_LENGTH = "-2026-12-31-23-59-59".length();

	/**
	 * What follows the pair name: a date and, in all but the first file of a second, a
	 * number.
	 */
	private static final Pattern DATED = Pattern.compile("-\\d{4}(-\\d{2}){5}(\\.\\d{1,9})?\\.pem");

	private static final String ASIDE = ".damaged";

	private static final Pattern SET_ASIDE = Pattern
		.compile("(" + DATED + "|-current\\.pem|-request\\.pem|\\.key)" + Pattern.quote(ASIDE));

	/** Longer than any process takes to write a file. */
	private static final Duration UNFINISHED = Duration.ofHours(1);

	private final Path directory;

	private final String pairName;

	PairFiles(Path directory, String pairName) {
		this.directory = directory;
		this.pairName = pairName;
	}

	Path directory() {
		return this.directory;
	}

	String pairName() {
		return this.pairName;
	}

	/** The link to the current pair. */
	Path current() {
		return file("-current.pem");
	}

	/** The link that an interrupted kubelet was about to make {@link #current()}. */
	Path updated() {
		return file("-updated.pem");
	}

	/** A pair in two files. */
	PairLocation separate() {
		return new PairLocation(file(".crt"), file(".key"));
	}

	/** The pending request and its key. */
	Path pendingRequest() {
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

	/** Sets a file aside that is not used, and reports the problem. */
	void setAside(Path file, Object problem) {
		try {
			logger.warn("[{}] {}. It is kept as {}", this.pairName, problem, setAside(file));
		}
		catch (NoSuchFileException ex) {
			// Another process has set it aside
		}
	}

	/**
	 * Sets a file, or a link, aside. A failure is only reported.
	 * @return where it is now
	 * @throws NoSuchFileException if another process has set it aside
	 */
	Path setAside(Path file) throws NoSuchFileException {
		Path aside = file.resolveSibling(file.getFileName() + ASIDE);
		try {
			return Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
		}
		catch (NoSuchFileException ex) {
			throw ex;
		}
		catch (IOException ex) {
			logger.error("Cannot set {} aside: {}", file, ex.toString());
			return file;
		}
	}

	/** Returns whether a file is in the directory and named as one of the pair's. */
	boolean isDated(Path file) throws IOException {
		return this.directory.toRealPath().equals(file.getParent()) && matches(file, DATED);
	}

	/**
	 * Returns the files whose names contain the pair's. The directory may hold those of
	 * thousands of other pairs.
	 */
	List<Path> list() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter((file) -> name(file).contains(this.pairName)).toList();
		}
		catch (NoSuchFileException | NotDirectoryException ex) {
			return List.of();
		}
		catch (UncheckedIOException ex) {
			// The directory was opened, but could not be read to its end
			throw ex.getCause();
		}
	}

	/** Returns those of the files that are pairs with a date, the newest first. */
	List<Path> dated(List<Path> files) {
		int date = this.pairName.length() + DATE_LENGTH;
		// The names of one second are in the order of their lengths
		return files.stream()
			.filter((file) -> matches(file, DATED))
			.sorted(Comparator.<Path, String>comparing((file) -> name(file).substring(0, date))
				.thenComparing((file) -> name(file).length())
				.thenComparing(Comparator.naturalOrder())
				.reversed())
			.toList();
	}

	/**
	 * Removes what is no longer needed after an update. A failure is only reported: the
	 * update itself has succeeded.
	 * @param retain how many old pairs to keep
	 * @param now the current time
	 */
	void removeOld(int retain, Instant now) {
		List<Path> all;
		try {
			all = list();
		}
		catch (IOException ex) {
			logger.warn("Cannot remove old files from {}: {}", this.directory, ex.toString());
			return;
		}
		allBut(retain + 1, dated(all)).forEach(this::remove);
		// Files that were set aside may hold keys, too
		allBut(1, setAside(all)).forEach(this::remove);
		Instant abandoned = now.minus(UNFINISHED);
		all.stream()
			.filter((file) -> isUnfinished(name(file)) && modified(file).isBefore(abandoned))
			.forEach(this::remove);
	}

	private static List<Path> allBut(int kept, List<Path> files) {
		return files.subList(Math.min(kept, files.size()), files.size());
	}

	/** Removes a file unless it is current, whatever its name is. */
	void remove(Path file) {
		try {
			if (!Files.exists(file) || !Files.exists(current()) || !Files.isSameFile(file, current())) {
				Files.delete(file);
			}
		}
		catch (NoSuchFileException ex) {
			// Another process has removed it
		}
		catch (IOException ex) {
			// Only the beginning of the name is known
			logger.warn("Cannot remove {}: {}", ExternalText.clean(file.toString()), ExternalText.clean(ex.toString()));
		}
	}

	/** The files that were set aside, the one that was written last first. */
	private List<Path> setAside(List<Path> files) {
		return files.stream()
			.filter((file) -> matches(file, SET_ASIDE))
			.sorted(Comparator.comparing(PairFiles::modified).thenComparing((file) -> file).reversed())
			.toList();
	}

	/** When a file, or a link itself, was written; long ago if it no longer exists. */
	private static Instant modified(Path file) {
		try {
			return Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
		}
		catch (IOException ex) {
			return Instant.MIN;
		}
	}

	/** Such files exist for a moment, unless a process was killed. */
	private boolean isUnfinished(String name) {
		return name.startsWith(DurableFiles.temporaryPrefix(pendingRequest()))
				|| name.startsWith(DurableFiles.temporaryPrefix(current()));
	}

	private boolean matches(Path file, Pattern suffix) {
		String name = name(file);
		return name.startsWith(this.pairName) && suffix.matcher(name.substring(this.pairName.length())).matches();
	}

	private static String name(Path file) {
		return file.getFileName().toString();
	}

	private Path file(String suffix) {
		return this.directory.resolve(this.pairName + suffix);
	}

}
