package io.kubelet.cert.certificate.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads text files of limited size. Every file of a certificate, a key, a credential or a
 * configuration is read here.
 */
public final class TextFile {

	private TextFile() {
	}

	/**
	 * Reads a file. Bytes that are not UTF-8 are replaced, since PEM may be surrounded by
	 * any text.
	 * @param file the file; links are followed
	 * @return its content
	 * @throws java.nio.file.NoSuchFileException if there is no file, or the link dangles
	 * @throws UnusableFileException if it is not a regular file, or too large
	 * @throws IOException if it cannot be read
	 */
	public static String read(Path file) throws IOException {
		// Opening a pipe would block
		FileVersion.of(file);
		try (InputStream content = Files.newInputStream(file)) {
			byte[] bytes = content.readNBytes(FileVersion.MAXIMUM_SIZE + 1);
			if (bytes.length > FileVersion.MAXIMUM_SIZE) {
				throw UnusableFileException.tooLarge(file);
			}
			return new String(bytes, StandardCharsets.UTF_8);
		}
	}

}
