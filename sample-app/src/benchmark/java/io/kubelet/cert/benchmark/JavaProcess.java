package io.kubelet.cert.benchmark;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A process with the JDK of this one. Its log goes to {@code target/benchmarks}.
 */
final class JavaProcess implements AutoCloseable {

	private static final Path LOGS = Path.of("target", "benchmarks", "logs");

	private final Process process;

	private JavaProcess(Process process) {
		this.process = process;
	}

	/**
	 * Starts a class of this class path.
	 * @param main the class
	 * @param arguments the arguments of its main method
	 */
	static JavaProcess start(Class<?> main, Object... arguments) throws IOException {
		List<String> command = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
		for (Object argument : arguments) {
			command.add(argument.toString());
		}
		return start(main.getSimpleName(), command);
	}

	static JavaProcess start(String name, List<String> command) throws IOException {
		Files.createDirectories(LOGS);
		List<String> whole = new ArrayList<>(command);
		whole.add(0, ProcessHandle.current().info().command().orElse("java"));
		return new JavaProcess(new ProcessBuilder(whole)
			.redirectError(ProcessBuilder.Redirect.appendTo(LOGS.resolve(name + ".err").toFile()))
			.start());
	}

	/** Runs a class of this class path and adds its figures to others. */
	static void run(Figures figures, Class<?> main, Object... arguments) throws IOException, InterruptedException {
		try (JavaProcess process = start(main, arguments)) {
			process.finish(figures, main.getSimpleName());
		}
	}

	/** Reads the figures of a process until it ends. */
	void finish(Figures figures, String name) throws IOException, InterruptedException {
		try (BufferedReader output = this.process.inputReader();
				BufferedWriter log = Files.newBufferedWriter(LOGS.resolve(name + ".log"))) {
			for (String line = output.readLine(); line != null; line = output.readLine()) {
				if (!figures.read(line)) {
					log.write(line);
					log.newLine();
				}
			}
		}
		if (this.process.waitFor() != 0) {
			throw new IllegalStateException(
					"The measured process %s failed: see %s".formatted(name, LOGS.toAbsolutePath()));
		}
	}

	/** Sends a line and returns the next line of figures. */
	String ask(String line) throws IOException {
		BufferedWriter input = this.process.outputWriter();
		input.write(line);
		input.newLine();
		input.flush();
		return answer();
	}

	/** Returns the next line that is addressed to the process that started this one. */
	String answer() throws IOException {
		String answer = this.process.inputReader().readLine();
		while (answer != null && !answer.startsWith(ControlPlaneProcess.ANSWER)) {
			answer = this.process.inputReader().readLine();
		}
		if (answer == null) {
			throw new IOException("The process ended without an answer: see " + LOGS.toAbsolutePath());
		}
		return answer.substring(ControlPlaneProcess.ANSWER.length());
	}

	/** The CPU time of the process so far, in steps of a hundredth of a second. */
	double cpuMillis() {
		return this.process.info().totalCpuDuration().map(Duration::toMillis).orElse(0L);
	}

	@Override
	public void close() throws IOException {
		this.process.destroy();
	}

}
