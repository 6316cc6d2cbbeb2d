package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/**
 * The state of a file at one moment. Links are followed, so a link that was switched has
 * another version.
 *
 * @param file what identifies the file, whatever its name is
 * @param modified when it was modified, in nanoseconds since 1970
 * @param size its size in bytes
 */
public record FileVersion(Object file, long modified, long size) {

	/**
	 * Returns the version of a file, at the price of one system call.
	 * @throws java.nio.file.NoSuchFileException if there is no file, or the link dangles
	 */
	static FileVersion of(Path path) throws IOException {
		BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
		Object key = attributes.fileKey();
		// Windows has no file keys
		return new FileVersion((key != null) ? key : path.toRealPath(),
				attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS), attributes.size());
	}

}
