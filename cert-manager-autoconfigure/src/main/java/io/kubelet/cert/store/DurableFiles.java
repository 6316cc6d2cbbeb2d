package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.TextFile;

/**
 * Writes files that survive a power failure and that only their owner can read.
 */
public final class DurableFiles {

	private DurableFiles() {
	}

	/**
	 * Writes a new file.
	 * @throws FileAlreadyExistsException if there is a file of this name
	 */
	static void create(Path file, String text) throws IOException {
		create(file, text.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Writes a new file.
	 * @param file the file
	 * @param content its content
	 * @throws FileAlreadyExistsException if there is a file of this name
	 * @throws IOException if it cannot be written; there is no file then
	 */
	public static void create(Path file, byte[] content) throws IOException {
		create(file, content, "rw-------");
	}

	private static void create(Path file, byte[] content, String mode) throws IOException {
		createDirectory(parent(file));
		FileChannel created = (FileChannel) Files.newByteChannel(file,
				Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), mode(file, mode));
		try (created) {
			requireMode(file, mode);
			Channels.newOutputStream(created).write(content);
			created.force(true);
		}
		catch (IOException ex) {
			Files.deleteIfExists(file);
			throw ex;
		}
	}

	/**
	 * Some network file systems ignore modes, and give each file that of the mount. Bits
	 * of a group are left to those who have chosen it.
	 */
	private static void requireMode(Path file, String mode) throws IOException {
		if (isPosix(file)) {
			Set<PosixFilePermission> others = Files.getPosixFilePermissions(file);
			others.removeAll(PosixFilePermissions.fromString(mode));
			if (others.contains(PosixFilePermission.OTHERS_READ) || others.contains(PosixFilePermission.OTHERS_WRITE)) {
				throw new IOException(
						"the file system ignores the mode of files, which everybody could read or write: mount it so that files have mode 0600, or use another volume");
			}
		}
	}

	/**
	 * Creates a directory as the kubelet does: mode 0755, less the mask of the process.
	 * @param directory the directory
	 * @throws NotDirectoryException if there is a file in its place: for another
	 * exception, another name for the file in it would be tried
	 * @throws IOException if it cannot be created
	 */
	public static void createDirectory(Path directory) throws IOException {
		try {
			if (!Files.isDirectory(directory)) {
				Files.createDirectories(directory, mode(directory, "rwxr-xr-x"));
			}
		}
		catch (FileAlreadyExistsException ex) {
			throw new NotDirectoryException(directory.toString());
		}
	}

	/**
	 * Writes a pair to two new files: the certificates for everybody, and the key.
	 * @throws FileAlreadyExistsException if there is one of the files
	 */
	static void create(PairLocation location, CertificatePair pair) throws IOException {
		create(location.certificate(), Pem.write(pair.chain()).getBytes(StandardCharsets.UTF_8), "rw-r--r--");
		create(location.privateKey(), Pem.writePrivateKey(pair));
		syncDirectory(parent(location.certificate()));
	}

	/** Returns the mode to create a file with, where its file system has modes. */
	private static FileAttribute<?>[] mode(Path file, String mode) {
		return isPosix(file)
				? new FileAttribute<?>[] { PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode)) }
				: new FileAttribute<?>[0];
	}

	/**
	 * Replaces a file, or creates it, in one step.
	 * @param file the file
	 * @param text its content
	 * @return the version of what was written, even if the file is replaced at once
	 * @throws IOException if it cannot be written
	 */
	public static TextFile.Version replace(Path file, String text) throws IOException {
		Path temporary = temporary(file);
		create(temporary, text);
		try {
			TextFile.Version version = TextFile.Version.of(temporary);
			rename(temporary, file);
			return version;
		}
		catch (IOException ex) {
			Files.deleteIfExists(temporary);
			throw ex;
		}
	}

	/**
	 * Switches a link to a file in its own directory, in one step: there always is a
	 * link. If another process does the same at the same time, one of the two targets
	 * remains, never anything else.
	 * @return the version of the target
	 * @throws java.nio.file.NoSuchFileException if the target does not exist
	 */
	static TextFile.Version link(Path link, Path target) throws IOException {
		TextFile.Version version = TextFile.Version.of(target);
		link(link, target.getFileName().toString());
		return version;
	}

	/**
	 * Creates or switches a link in one step, as for a directory: there is no moment
	 * without a link.
	 * @param link the link
	 * @param target its target, relative to its directory
	 * @throws IOException if it cannot be switched
	 */
	public static void link(Path link, String target) throws IOException {
		Path temporary = temporary(link);
		Files.createSymbolicLink(temporary, link.getFileSystem().getPath(target));
		rename(temporary, link);
	}

	/** Gives a file its name, or removes it. Its version stays the same. */
	private static void rename(Path temporary, Path file) throws IOException {
		try {
			Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
			syncDirectory(parent(file));
		}
		catch (IOException ex) {
			Files.deleteIfExists(temporary);
			throw ex;
		}
	}

	private static Path temporary(Path file) {
		return file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
	}

	/**
	 * Returns whether files in a directory have modes. It asks the file system, since
	 * asking for the store reads the table of mounts.
	 * @param directory the directory
	 * @return whether they have
	 */
	public static boolean isPosix(Path directory) {
		return directory.getFileSystem().supportedFileAttributeViews().contains("posix");
	}

	/**
	 * Forces the names in a directory to disk, where the file system can.
	 * @param directory the directory
	 */
	public static void syncDirectory(Path directory) {
		if (!isPosix(directory)) {
			return; // Windows does not open directories
		}
		try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
			channel.force(true);
		}
		catch (IOException ex) {
			// Not every file system can; what has been written is there all the same
		}
	}

	private static Path parent(Path file) {
		return Objects.requireNonNull(file.toAbsolutePath().getParent(), "A file has a directory");
	}

}
