package io.kubelet.cert.export;

import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Where and how a certificate is exported.
 *
 * @param directory the directory
 * @param formats the formats, at least one
 * @param passwordFile the file with the password of key stores, {@code null} for one that
 * is generated
 * @param mode the mode of the files
 * @param group the name or number of their group, {@code null} for that of new files in
 * the directory
 */
public record ExportSettings(Path directory, List<ExportFormat> formats, @Nullable Path passwordFile,
		Set<PosixFilePermission> mode, @Nullable String group) {

	/**
	 * Returns the mode that a text denotes: an octal number, or the decimal one that YAML
	 * makes of it.
	 * @param text the text
	 * @return the mode
	 * @throws IllegalArgumentException if it is not a mode for files with keys
	 */
	public static Set<PosixFilePermission> mode(String text) {
		return PosixFilePermissions.fromString(switch (text) {
			case "0600", "600", "384" -> "rw-------";
			case "0640", "640", "416" -> "rw-r-----";
			case "0400", "400", "256" -> "r--------";
			case "0440", "440", "288" -> "r--r-----";
			default -> throw new IllegalArgumentException(
					"It is not a mode for files with keys (YAML reads 0644 as the number 420): set it to 0600 or 0400 for the user of this process alone, or to 0640 or 0440 for a group as well");
		});
	}

}
