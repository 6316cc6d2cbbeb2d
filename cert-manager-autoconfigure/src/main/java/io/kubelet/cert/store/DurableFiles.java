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
	static void create(Path file, byte[] content) throws IOException {
		FileAttribute<?>[] mode = isPosix(parent(file))
				? new FileAttribute<?>[] {
						PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")) }
				: new FileAttribute<?>[0];
		FileChannel created = (FileChannel) Files.newByteChannel(file,
				Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), mode);
		try (created) {
			ByteBuffer bytes = ByteBuffer.wrap(content);
			while (bytes.hasRemaining()) {
				created.write(bytes);
			}
			created.force(true);
		}
		catch (IOException ex) {
			delete(file, ex);
			throw ex;
		}
	}

	/** Put a file in the place of another, or of none, in one step. */
	static void replace(Path file, String text) throws IOException {
		Path temporary = file.resolveSibling(temporaryPrefix(file) + UUID.randomUUID());
		create(temporary, text.getBytes(StandardCharsets.US_ASCII));
		try {
			Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
		}
		catch (IOException ex) {
			delete(temporary, ex);
			throw ex;
		}
		syncDirectory(parent(file));
	}

	/**
	 * How the names of files begin that are about to replace a file. A process that is
	 * killed in that moment leaves one behind.
	 */
	static String temporaryPrefix(Path file) {
		return "." + file.getFileName() + ".";
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
			catch (IOException ex) {
				delete(stage, ex);
				throw ex;
			}
		}
		throw new IOException("Another process keeps switching " + link);
	}

	/** Tidy up after a failure, which is told whether that works or not. */
	private static void delete(Path file, IOException failure) {
		try {
			Files.deleteIfExists(file);
		}
		catch (IOException ex) {
			failure.addSuppressed(ex);
		}
	}

	private static boolean isPosix(Path directory) throws IOException {
		return Files.getFileStore(directory).supportsFileAttributeView("posix");
	}

	private static void syncDirectory(Path directory) throws IOException {
		if (!isPosix(directory)) {
			return; // Windows does not open directories
		}
		try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
			channel.force(true);
		}
	}

	private static Path parent(Path file) {
		return Objects.requireNonNull(file.toAbsolutePath().getParent(), "A file has a directory");
	}

}
