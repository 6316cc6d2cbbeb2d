package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * Files that outlive a power cut, readable by their owner only.
 */
final class DurableFiles {

	private static final int SWITCH_ATTEMPTS = 100;

	private DurableFiles() {
	}

	/**
	 * Write a new file.
	 * @throws FileAlreadyExistsException if there is a file of this name
	 */
	static void create(Path file, String text) throws IOException {
		boolean posix = Files.getFileStore(parent(file)).supportsFileAttributeView("posix");
		FileAttribute<?>[] mode = posix
				? new FileAttribute<?>[] {
						PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")) }
				: new FileAttribute<?>[0];
		try (FileChannel channel = (FileChannel) Files.newByteChannel(file,
				Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), mode)) {
			ByteBuffer bytes = StandardCharsets.US_ASCII.encode(text);
			while (bytes.hasRemaining()) {
				channel.write(bytes);
			}
			channel.force(true);
		}
		catch (FileAlreadyExistsException ex) {
			throw ex;
		}
		catch (IOException ex) {
			Files.deleteIfExists(file);
			throw ex;
		}
	}

	/** Put a file in the place of another, or of none, in one step. */
	static void replace(Path file, String text) throws IOException {
		Path temporary = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
		create(temporary, text);
		try {
			Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
			syncDirectory(parent(file));
		}
		finally {
			Files.deleteIfExists(temporary);
		}
	}

	/**
	 * Let a link point at a file in its own directory, in one step: there is no moment
	 * without it (contract row B5). Another process may do the same at the same time;
	 * then one of the two targets remains, never anything else.
	 * @throws NoSuchFileException if the target does not exist (contract row C18)
	 */
	static void link(Path link, Path stage, Path target) throws IOException {
		if (!Files.exists(target)) {
			throw new NoSuchFileException(target.toString());
		}
		for (int attempt = 0; attempt < SWITCH_ATTEMPTS; attempt++) {
			try {
				Files.deleteIfExists(stage);
				Files.createSymbolicLink(stage, target.getFileName());
				Files.move(stage, link, StandardCopyOption.ATOMIC_MOVE);
				syncDirectory(parent(link));
				return;
			}
			catch (FileAlreadyExistsException | NoSuchFileException ex) {
				if (!Files.isDirectory(parent(link))) {
					throw ex;
				}
				// Another process took the stage, or moved it: once more
			}
		}
		throw new IOException("Another process keeps switching " + link);
	}

	private static void syncDirectory(Path directory) throws IOException {
		try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
			channel.force(true);
		}
	}

	private static Path parent(Path file) {
		return Objects.requireNonNull(file.toAbsolutePath().getParent(), "A file has a directory");
	}

}
