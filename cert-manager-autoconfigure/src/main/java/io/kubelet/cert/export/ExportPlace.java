package io.kubelet.cert.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import java.util.TreeSet;

import io.kubelet.cert.store.DurableFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place to which a certificate is exported. The first export reports it, and what is
 * wrong with it.
 */
final class ExportPlace {

	private static final Logger logger = LoggerFactory.getLogger(ExportPlace.class);

	private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");

	private final String name;

	private final Path directory;

	private boolean reported;

	ExportPlace(String name, Path directory) {
		this.name = name;
		this.directory = directory;
	}

	void report(Set<String> files) {
		if (this.reported) {
			return;
		}
		this.reported = true;
		logger.info("[{}] The certificate is exported to {}: {}", this.name, this.directory.toAbsolutePath(),
				String.join(", ", new TreeSet<>(files)));
		try {
			reportWriters();
			reportDisk();
		}
		catch (IOException ex) {
			// Some containers do not see their mounts
		}
	}

	private void reportWriters() throws IOException {
		if (DurableFiles.isPosix(this.directory)
				&& Files.getPosixFilePermissions(this.directory).contains(PosixFilePermission.OTHERS_WRITE)) {
			logger.warn(
					"[{}] Every user can write to {}, and so put other files in the place of the exported ones. Restrict it to the user of this process, or export to a directory inside of it, which is created",
					this.name, this.directory);
		}
	}

	private void reportDisk() throws IOException {
		String type = Files.getFileStore(this.directory).type();
		if (!IN_MEMORY.contains(type)) {
			logger.info(
					"[{}] The directory {} is on a disk ({}), where exported keys outlive a pod or a restart of the machine. In a pod, use an emptyDir with 'medium: Memory'",
					this.name, this.directory, type);
		}
	}

}
