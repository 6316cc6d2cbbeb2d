package io.kubelet.cert.certificate.file;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * A file is not read, because of its kind, its size or its owner. The
 * {@linkplain #getReason() reason} says what to do.
 */
public final class UnusableFileException extends FileSystemException {

	/**
	 * Creates an exception.
	 * @param file the file
	 * @param reason why it is not read, and what to do, in a sentence that begins with
	 * {@code it}
	 */
	public UnusableFileException(Path file, String reason) {
		super(file.toString(), null, reason);
	}

	static UnusableFileException notRegular(Path file) {
		return new UnusableFileException(file,
				"it is a directory, a pipe or a device, but only regular files are read: replace it with a file");
	}

	static UnusableFileException tooLarge(Path file) {
		return new UnusableFileException(file,
				"it is larger than 1 MiB, and larger files are not read: check that it is the right file");
	}

	/** Without the name of the class, which would explain nothing. */
	@Override
	public String toString() {
		return getFile() + ": " + getReason();
	}

}
