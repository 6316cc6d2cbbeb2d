package io.kubelet.cert.ssl.drain;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
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
		File output = directory.resolve("output.txt").toFile();
		ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(output);
		builder.environment().putAll(environment);
		this.process = builder.start();
		try {
			Awaitility.await().until(() -> !this.process.isAlive() || accepts(port));
			if (!this.process.isAlive()) {
				throw new IllegalStateException("It has ended");
			}
		}
		catch (RuntimeException ex) {
			close();
			throw new IllegalStateException(command + " does not accept connections: " + read(output), ex);
		}
	}

	/**
	 * Returns the path of a program, the newest if there are several; the test is skipped
	 * if there is none.
	 */
	static Path require(String name, String... directories) throws IOException {
		for (String directory : directories) {
			Path parent = Path.of(directory);
			if (Files.isDirectory(parent)) {
				try (Stream<Path> found = Files.find(parent, 3,
						(path, attributes) -> path.endsWith(name) && Files.isExecutable(path))) {
					List<Path> sorted = found.sorted().toList();
					if (!sorted.isEmpty()) {
						return sorted.get(sorted.size() - 1);
					}
				}
			}
		}
		Assumptions.assumeThat(false).as(name + " is not installed, so this test was skipped").isTrue();
		throw new IllegalStateException();
	}

	/** A free port below those that the system gives to connections (Linux: 32768). */
	static int freePort() {
		while (true) {
			int port = ThreadLocalRandom.current().nextInt(10_000, 32_768);
			try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
				return socket.getLocalPort();
			}
			catch (IOException ex) {
				// Try another one
			}
		}
	}

	private static String read(File output) {
		try {
			return Files.readString(output.toPath());
		}
		catch (IOException ex) {
			return ex.toString();
		}
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
