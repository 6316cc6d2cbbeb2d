package io.kubelet.cert.autoconfigure.kubelet;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

import io.kubelet.cert.certificate.TextFile;
import org.jspecify.annotations.Nullable;

/**
 * The name of a node, determined as by the kubelet: the configured name, otherwise the
 * host name, without surrounding blanks and in lower case.
 */
public final class NodeName {

	private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

	private NodeName() {
	}

	/**
	 * Determines the name of this node.
	 * @param configured the configured name, {@code null} for the host name
	 * @return the name
	 * @throws IllegalArgumentException if a node cannot have this name
	 */
	public static String of(@Nullable String configured) {
		String name = ((configured != null) ? configured : hostName()).strip().toLowerCase(Locale.ROOT);
		if (!name.matches("[-.a-z0-9]+")) {
			throw new IllegalArgumentException(
					"'%s' is not a valid node name: set it to the name that 'kubectl get nodes' shows".formatted(name));
		}
		return name;
	}

	/**
	 * Returns the host name, without a name server if possible.
	 */
	private static String hostName() {
		try {
			return Files.isReadable(HOST_NAME) ? TextFile.read(HOST_NAME) : InetAddress.getLocalHost().getHostName();
		}
		catch (IOException ex) {
			throw new IllegalArgumentException(
					"The host name is not known (%s): set it to the name of the node".formatted(ex.getMessage()), ex);
		}
	}

}
