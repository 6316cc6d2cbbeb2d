package io.kubelet.cert.ssl.drain;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.assertj.core.api.Assumptions;
import org.awaitility.Awaitility;

/**
 * A server of another project that is installed on this machine, with its data in a
 * temporary directory.
 */
final class ServerProgram implements AutoCloseable {

	private final Process process;

	/**
	 * Starts a program, and waits until it accepts connections.
	 * @param command the command
	 * @param environment variables for it
	 * @param directory its working directory, which gets its output too
	 * @param port the port on which it listens
	 */
	ServerProgram(List<String> command, Map<String, String> environment, Path directory, int port) throws IOException {
		Path output = directory.resolve("output.txt");
		ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(output.toFile());
		builder.environment().putAll(environment);
		this.process = builder.start();
		try {
			Awaitility.await().failFast("It has ended", () -> !this.process.isAlive()).until(() -> accepts(port));
		}
		catch (RuntimeException ex) {
			close();
			throw new IllegalStateException(command + " does not accept connections: " + Files.readString(output), ex);
		}
	}

	/**
	 * Returns the path of a program, the newest if there are several; the test is skipped
	 * if there is none.
	 */
	static Path require(String name, String... directories) throws IOException {
		List<Path> found = new ArrayList<>();
		for (String directory : directories) {
			if (Files.isDirectory(Path.of(directory))) {
				try (Stream<Path> files = Files.find(Path.of(directory), 3,
						(path, attributes) -> path.endsWith(name) && Files.isExecutable(path))) {
					files.sorted().forEach(found::add);
				}
			}
		}
		Assumptions.assumeThat(found).as(name + " is not installed, so this test was skipped").isNotEmpty();
		return found.get(found.size() - 1);
	}

	private static boolean accepts(int port) {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
			return socket.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

	@Override
	public void close() {
		Stream<ProcessHandle> children = this.process.descendants().toList().stream();
		this.process.destroy();
		try {
			if (!this.process.waitFor(10, TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
		children.forEach(ProcessHandle::destroy);
	}

}
