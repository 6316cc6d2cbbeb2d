package io.kubelet.cert.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The files of one pair in its directory: their names, and the removal of old ones. Names
 * are computed when they are needed, since there may be many pairs.
 */
final class PairFiles {

	private static final Logger logger = LoggerFactory.getLogger(PairFiles.class);

	private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd-HH-mm-ss");

	private static final String PEM = ".pem";

	/**
	 * What follows the pair name: a date and, in all but the first file of a second, a
	 * number.
	 */
	private static final Pattern DATED = Pattern.compile("-\\d{4}(-\\d{2}){5}(\\.\\d{1,9})?\\.pem");

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
		return file("-" + date + ((attempt > 0) ? "." + attempt : "") + PEM);
	}

	/**
	 * Sets a file aside that is not used, and reports why. Of a link, the target stays as
	 * it is. If that fails, the file is ignored all the same.
	 */
	void setAside(Path file, Level level, @Nullable String problem) {
		Path aside = file.resolveSibling(file.getFileName() + ".damaged");
		String outcome = "It is kept as " + aside;
		try {
			Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
		}
		catch (IOException ex) {
			outcome = "It cannot be set aside: " + StoreException.reason(ex);
		}
		logger.atLevel(level).log("[{}] {}. {}", this.pairName, problem, outcome);
	}

	/** Returns the pairs with a date, the newest first. */
	List<Path> dated() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter(this::isDated)
				.sorted(Comparator.comparing((Path file) -> name(file).replace(PEM, "")).reversed())
				.toList();
		}
		catch (UncheckedIOException ex) {
			// The directory was opened, but could not be read to its end
			throw ex.getCause();
		}
	}

	/** The directory may hold the files of thousands of other pairs. */
	private boolean isDated(Path file) {
		String name = name(file);
		return name.startsWith(this.pairName) && DATED.matcher(name.substring(this.pairName.length())).matches();
	}

	/**
	 * Removes old pairs after an update. A failure is only reported: the update itself
	 * has succeeded.
	 * @param retain how many old pairs to keep
	 */
	void removeOld(int retain) {
		try {
			dated().stream().skip(retain + 1).forEach(this::remove);
		}
		catch (IOException ex) {
			logger.warn("Cannot remove old files from {}: {}", this.directory, ex.toString());
		}
	}

	/** Removes a file unless it is current. */
	void remove(Path file) {
		try {
			if (!Files.exists(current()) || !Files.isSameFile(file, current())) {
				Files.delete(file);
			}
		}
		catch (NoSuchFileException ex) {
			// Another process has removed it
		}
		catch (IOException ex) {
			logger.warn("Cannot remove {}: {}", file, ex.toString());
		}
	}

	private static String name(Path file) {
		return file.getFileName().toString();
	}

	private Path file(String suffix) {
		return this.directory.resolve(this.pairName + suffix);
	}

}
