package io.kubelet.cert.certificate.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/**
 * The state of a regular file at one moment. Links are followed, so a link that was
 * switched has another version.
 *
 * @param file what identifies the file, whatever its name is
 * @param modified when it was modified, in nanoseconds since 1970
 * @param size its size in bytes
 */
public record FileVersion(Object file, long modified, long size) {

	static final int MAXIMUM_SIZE = 1024 * 1024;

	/**
	 * Returns the version of a file, with one system call.
	 * @param path the file
	 * @return its version
	 * @throws java.nio.file.NoSuchFileException if there is no file, or the link dangles
	 * @throws UnusableFileException if it is not a regular file, or larger than 1 MiB
	 * @throws IOException if its attributes cannot be read
	 */
	public static FileVersion of(Path path) throws IOException {
		BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
		if (!attributes.isRegularFile()) {
			throw UnusableFileException.notRegular(path);
		}
		if (attributes.size() > MAXIMUM_SIZE) {
			throw UnusableFileException.tooLarge(path);
		}
		Object key = attributes.fileKey();
		// Windows has no file keys
		return new FileVersion((key != null) ? key : path.toRealPath(),
				attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS), attributes.size());
	}

}
