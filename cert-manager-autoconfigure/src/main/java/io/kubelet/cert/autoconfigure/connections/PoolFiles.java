package io.kubelet.cert.autoconfigure.connections;

import java.nio.file.Path;
import java.util.stream.Stream;

import com.zaxxer.hikari.HikariConfig;

/**
 * The files that the driver of a data source reads, by their paths in its URL or in its
 * properties, whatever the names of the parameters.
 */
final class PoolFiles {

	private PoolFiles() {
	}

	/** Returns whether one of them is in a directory. */
	static boolean areIn(Path directory, HikariConfig source) {
		return Stream
			.concat(Stream.of(String.valueOf(source.getJdbcUrl()).replace("%2F", "/")),
					source.getDataSourceProperties().values().stream())
			.anyMatch((text) -> Stream.of(directory, directory.toAbsolutePath().normalize())
				.anyMatch((path) -> text.toString().contains(path + "/")));
	}

}
