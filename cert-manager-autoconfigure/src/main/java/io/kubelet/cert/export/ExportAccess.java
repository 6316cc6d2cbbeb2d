package io.kubelet.cert.export;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.store.DurableFiles;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Who may read exported files and enter their directories. Without POSIX permissions,
 * nothing is set.
 *
 * @param mode the mode of the files
 * @param group the name or number of their group, {@code null} for that of new files
 */
record ExportAccess(Set<PosixFilePermission> mode, @Nullable String group) {

	private static final String MODE = "unix:mode";

	/** What the system says to those who are not members of a group. */
	private static final String NOT_PERMITTED = "Operation not permitted";

	private static final int PERMISSIONS = 0777;

	private static final int OWNER_READ = 0400;

	/**
	 * Returns the group that is named, {@code null} if none is.
	 * @throws StoreException if it does not exist
	 */
	@Nullable GroupPrincipal find(Path directory) throws IOException {
		try {
			return (this.group != null)
					? directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(this.group)
					: null;
		}
		catch (UserPrincipalNotFoundException ex) {
			throw new StoreException(
					"There is no group '%s' on this machine: name another one, or use its number".formatted(this.group),
					ex);
		}
	}

	/**
	 * Returns the group for the files in a new directory: the one that is named, or that
	 * of the directory, which it may have got from its parent.
	 */
	@Nullable GroupPrincipal in(Path directory) throws IOException {
		GroupPrincipal named = find(directory);
		return (named != null || !DurableFiles.isPosix(directory)) ? named
				: Files.readAttributes(directory, PosixFileAttributes.class).group();
	}

	boolean isGiven(Path file) throws IOException {
		if (!DurableFiles.isPosix(file)) {
			return true;
		}
		PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
		return attributes.permissions().equals(modeOf(file))
				&& (this.group == null || attributes.group().equals(find(file)));
	}

	/**
	 * Gives a file or directory that was just created. A group cannot read it before it
	 * is this one.
	 */
	void give(Path created, @Nullable GroupPrincipal group) throws IOException {
		if (!DurableFiles.isPosix(created)) {
			return;
		}
		PosixFileAttributeView view = Objects
			.requireNonNull(Files.getFileAttributeView(created, PosixFileAttributeView.class));
		if (group != null && !view.readAttributes().group().equals(group)) {
			setGroup(view, group);
		}
		// Permissions alone would end that a directory passes on its group
		int mode = (int) Files.getAttribute(created, MODE) & ~PERMISSIONS;
		for (PosixFilePermission permission : modeOf(created)) {
			mode |= OWNER_READ >> permission.ordinal();
		}
		Files.setAttribute(created, MODE, mode);
	}

	private static void setGroup(PosixFileAttributeView view, GroupPrincipal group) throws IOException {
		try {
			view.setGroup(group);
		}
		catch (FileSystemException ex) {
			if (!NOT_PERMITTED.equals(ex.getReason())) {
				throw ex;
			}
			throw new StoreException(
					"Exported files cannot be given to the group '%s': %s. The user of this process must be a member of it"
						.formatted(group, ex.getReason()),
					ex);
		}
	}

	/** Whoever may read the files may enter the directories. */
	private Set<PosixFilePermission> modeOf(Path file) {
		if (!Files.isDirectory(file)) {
			return this.mode;
		}
		Set<PosixFilePermission> mode = EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE,
				PosixFilePermission.OWNER_EXECUTE);
		if (this.mode.contains(PosixFilePermission.GROUP_READ)) {
			mode.addAll(Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_EXECUTE));
		}
		return mode;
	}

}
