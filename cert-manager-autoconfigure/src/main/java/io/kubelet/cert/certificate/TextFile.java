package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/**
 * Reads text files of limited size. Every file of a certificate, a key, a credential or a
 * configuration is read here.
 */
public final class TextFile {

	private static final int MAXIMUM_SIZE = 1024 * 1024;

	private TextFile() {
	}

	/**
	 * Reads a file. Bytes that are not UTF-8 are replaced, since PEM may be surrounded by
	 * any text.
	 * @param file the file, or a link to it
	 * @return its content
	 * @throws java.nio.file.NoSuchFileException if there is no file, or the link dangles
	 * @throws UnusableFileException if it is not a regular file, or too large
	 * @throws IOException if it cannot be read
	 */
	public static String read(Path file) throws IOException {
		// Opening a pipe would block
		Version.of(file);
		try (InputStream content = Files.newInputStream(file)) {
			byte[] bytes = content.readNBytes(MAXIMUM_SIZE + 1);
			if (bytes.length > MAXIMUM_SIZE) {
				throw UnusableFileException.tooLarge(file);
			}
			return new String(bytes, StandardCharsets.UTF_8);
		}
	}

	/**
	 * The state of a regular file at one time. Links are resolved, so a link that was
	 * switched has another version.
	 *
	 * @param file what identifies the file, whatever its name is
	 * @param modified when it was modified, in nanoseconds since 1970
	 * @param size its size in bytes
	 */
	public record Version(Object file, long modified, long size) {

		/**
		 * Returns the version of a file, with one system call.
		 * @param path the file
		 * @return its version
		 * @throws java.nio.file.NoSuchFileException if there is no file, or the link
		 * dangles
		 * @throws UnusableFileException if it is not a regular file, or larger than 1 MiB
		 * @throws IOException if its attributes cannot be read
		 */
		public static Version of(Path path) throws IOException {
			BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
			if (!attributes.isRegularFile()) {
				throw new UnusableFileException(path,
						"it is a directory, a pipe or a device, but only regular files are read: replace it with a file");
			}
			if (attributes.size() > MAXIMUM_SIZE) {
				throw UnusableFileException.tooLarge(path);
			}
			Object key = attributes.fileKey();
			// Windows has no file keys
			return new Version((key != null) ? key : path.toRealPath(),
					attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS), attributes.size());
		}

	}

	/**
	 * A file is not read, because of its kind, its size or its owner. The
	 * {@linkplain #getReason() reason} says what to do.
	 */
	public static final class UnusableFileException extends FileSystemException {

		/**
		 * Creates an exception.
		 * @param file the file
		 * @param reason why it is not read, and what to do, in a sentence that begins
		 * with {@code it}
		 */
		public UnusableFileException(Path file, String reason) {
			super(file.toString(), null, reason);
		}

		static UnusableFileException tooLarge(Path file) {
			return new UnusableFileException(file,
					"it is larger than 1 MiB, and larger files are not read: check that it is the right file");
		}

		/** Leaves out the name of the class, which would explain nothing. */
		@Override
		public String toString() {
			return getFile() + ": " + getReason();
		}

	}

}
