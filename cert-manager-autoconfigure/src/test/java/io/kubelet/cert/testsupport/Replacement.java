package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The ways in which other programs replace files.
 */
public enum Replacement {

	/** Each file is renamed, such as by spiffe-helper. */
	RENAME {

		@Override
		void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException {
			for (Map.Entry<String, String> file : contents.entrySet()) {
				rename(Files.writeString(volume.resolve(".next"), file.getValue()), volume.resolve(file.getKey()));
			}
		}

	},

	/** Each file is written where it is, such as by {@code cp}. */
	IN_PLACE {

		@Override
		void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException {
			for (Map.Entry<String, String> file : contents.entrySet()) {
				Files.writeString(volume.resolve(file.getKey()), file.getValue());
			}
		}

	},

	/** Each file is written where it is, in parts. */
	SLOWLY {

		@Override
		void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException {
			for (Map.Entry<String, String> content : contents.entrySet()) {
				Path file = volume.resolve(content.getKey());
				String text = content.getValue();
				int half = text.length() / 2;
				Files.writeString(file, text.substring(0, half));
				pause();
				Files.writeString(file, text.substring(half), StandardOpenOption.APPEND);
				pause();
			}
		}

		private static void pause() {
			CompletableFuture.runAsync(() -> {
			}, CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS)).join();
		}

	},

	/** Each file is deleted, and created later. */
	DELETED {

		@Override
		void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException {
			for (String file : contents.keySet()) {
				Files.deleteIfExists(volume.resolve(file));
			}
			IN_PLACE.next(parent, volume, generation, contents);
		}

	},

	/** A kubelet and CSI drivers switch a link to a directory in the volume. */
	DATA {

		@Override
		void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException {
			Path data = Files.createDirectory(volume.resolve("..generation-" + generation));
			IN_PLACE.next(parent, data, generation, contents);
			for (String file : contents.keySet()) {
				if (!Files.isSymbolicLink(volume.resolve(file))) {
					Files.createSymbolicLink(volume.resolve(file), Path.of("..data", file));
				}
			}
			rename(Files.createSymbolicLink(volume.resolve("..data_tmp"), data.getFileName()),
					volume.resolve("..data"));
			deleteAll(volume.resolve("..generation-" + (generation - 1)));
		}

	},

	/** Certbot switches a link for each file. */
	LINKS {

		@Override
		void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException {
			Path archive = Files.createDirectories(parent.resolve("archive/x"));
			for (Map.Entry<String, String> file : contents.entrySet()) {
				String name = file.getKey() + generation;
				Files.writeString(archive.resolve(name), file.getValue());
				rename(Files.createSymbolicLink(volume.resolve("next"), Path.of("../archive/x", name)),
						volume.resolve(file.getKey()));
			}
		}

	},

	/** A link to the directory is switched, which is on the way to the files. */
	DIRECTORY_LINK {

		@Override
		void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException {
			Path next = Files.createDirectory(parent.resolve("generation-" + generation));
			IN_PLACE.next(parent, next, generation, contents);
			if (!Files.isSymbolicLink(volume)) {
				Files.delete(volume);
			}
			rename(Files.createSymbolicLink(parent.resolve("next"), next), volume);
			deleteAll(parent.resolve("generation-" + (generation - 1)));
		}

	},

	/** Another directory takes the place of the volume, as if it was mounted. */
	REMOUNTED {

		@Override
		void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException {
			Path next = Files.createDirectory(parent.resolve("next"));
			IN_PLACE.next(parent, next, generation, contents);
			Files.move(volume, parent.resolve("old"));
			Files.move(next, volume);
			deleteAll(parent.resolve("old"));
		}

	};

	/**
	 * Replaces the files.
	 * @param parent the directory in which the volume is, empty at first
	 * @param generation 1 at first, then one more each time
	 * @param contents the files and what they are to contain
	 * @return the directory with the files, always the same
	 */
	public Path replace(Path parent, int generation, Map<String, String> contents) throws IOException {
		Path volume = parent.resolve("volume");
		if (generation == 1) {
			Files.createDirectories(volume);
		}
		next(parent, volume, generation, contents);
		return volume;
	}

	abstract void next(Path parent, Path volume, int generation, Map<String, String> contents) throws IOException;

	private static void rename(Path from, Path to) throws IOException {
		Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
	}

	private static void deleteAll(Path directory) throws IOException {
		if (Files.exists(directory)) {
			try (var files = Files.list(directory)) {
				for (Path file : files.toList()) {
					Files.delete(file);
				}
			}
			Files.delete(directory);
		}
	}

}
