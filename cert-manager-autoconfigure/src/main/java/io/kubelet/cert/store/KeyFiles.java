package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.kubelet.cert.certificate.TextFile.UnusableFileException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rejects files with keys that another user has written or can write, because their keys
 * are known to that user. Without POSIX permissions, nothing is rejected.
 */
final class KeyFiles {

	private static final Logger logger = LoggerFactory.getLogger(KeyFiles.class);

	/** The number is the name where there is no list of users. */
	private static final Set<String> ROOT = Set.of("root", "0");

	/** The directories that were reported: many certificates may share one. */
	private static final Set<Path> reported = ConcurrentHashMap.newKeySet();

	private final Path directory;

	private @Nullable UserPrincipal user;

	KeyFiles(Path directory) {
		this.directory = directory;
	}

	/**
	 * Requires that only this process's user, or root, can have written a file, and the
	 * link to it.
	 * @throws UnusableFileException if somebody else can
	 */
	void requireProtected(Path file) throws IOException {
		if (!DurableFiles.isPosix(this.directory)) {
			return;
		}
		PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
		requireOwner(file, attributes.owner());
		// Whoever makes a link chooses its target
		requireOwner(file, Files.getOwner(file, LinkOption.NOFOLLOW_LINKS));
		if (canWrite(attributes)) {
			throw new UnusableFileException(file,
					"other users can write it and may know its key: a file with a key must have mode 0600");
		}
	}

	private void requireOwner(Path file, UserPrincipal owner) throws IOException {
		if (!ROOT.contains(owner.getName()) && !isUser(owner)) {
			throw new UnusableFileException(file,
					"it belongs to user %s, who may know its key: a file with a key must belong to the user of this process or to root"
						.formatted(owner.getName()));
		}
	}

	/** In a volume with fsGroup, the kubelet lets that group write every file. */
	private boolean canWrite(PosixFileAttributes file) throws IOException {
		if (file.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
			return true;
		}
		PosixFileAttributes directory = Files.readAttributes(this.directory, PosixFileAttributes.class);
		return file.permissions().contains(PosixFilePermission.GROUP_WRITE)
				&& !(directory.permissions().contains(PosixFilePermission.GROUP_WRITE)
						&& directory.group().equals(file.group()));
	}

	/**
	 * Returns whether the files that this process creates have this owner. A volume may
	 * map users, so one is created in the directory.
	 * @throws IOException if none can be, as on a full disk: the file is not set aside
	 */
	private boolean isUser(UserPrincipal owner) throws IOException {
		this.user = (this.user != null) ? this.user : ownerOfNewFile(this.directory);
		if (this.user == null && !owner.equals(ofProcess())) {
			throw new FileSystemException(this.directory.toString(), null,
					"no file can be created there, so whose the files are cannot be checked");
		}
		return this.user == null || owner.equals(this.user);
	}

	private static @Nullable UserPrincipal ofProcess() {
		try {
			return Files.getOwner(Path.of("/proc/self"));
		}
		catch (IOException ex) {
			return ownerOfNewFile(Path.of(System.getProperty("java.io.tmpdir")));
		}
	}

	private static @Nullable UserPrincipal ownerOfNewFile(Path place) {
		try {
			Path created = Files.createTempFile(place, ".", null);
			try {
				return Files.getOwner(created);
			}
			finally {
				Files.deleteIfExists(created);
			}
		}
		catch (IOException ex) {
			return null;
		}
	}

	/** Warns once if everybody can write to the directory. */
	void reportOpenDirectory() {
		try {
			if (DurableFiles.isPosix(this.directory)
					&& Files.getPosixFilePermissions(this.directory).contains(PosixFilePermission.OTHERS_WRITE)
					&& reported.add(this.directory.toRealPath())) {
				logger.warn(
						"Every user can write to {}, and so delete certificates or prevent their rotation. Restrict it to the user of this process, or use a directory inside of it, which is created",
						this.directory);
			}
		}
		catch (IOException ex) {
			// There is no directory yet
		}
	}

}
