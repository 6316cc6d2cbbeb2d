package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a web application uses until it has started, with the starter and without it. The
 * web server has the same certificate in both: with the starter from its store, without
 * it from a bundle of Spring Boot's own.
 */
final class StartupBenchmark {

	/** What comes with the starter alone. */
	static final Pattern STARTER = Pattern.compile("(cert-manager|client-java|bc[a-z]+-jdk|okhttp|okio|kotlin"
			+ "|annotations-|gson|swagger|commons-(lang3|codec|collections4|compress|io)"
			+ "|protobuf|jackson-(core|databind)-2|jose4j|error_prone|logging-interceptor).*");

	private static final int RUNS = Benchmarks.runs(10);

	private final Map<String, Figures> figures = new LinkedHashMap<>();

	private StartupBenchmark() {
	}

	static void run() throws IOException, InterruptedException {
		new StartupBenchmark().measure();
	}

	private void measure() throws IOException, InterruptedException {
		Path directory = Certificates.directory();
		StoredCertificate certificate = StoredCertificate.write(directory);
		StartupJar with = StartupJar.create(StartupJar.sample(), directory.resolve("with.jar"), (name) -> true);
		StartupJar without = StartupJar.create(StartupJar.sample(), directory.resolve("without.jar"),
				(name) -> !STARTER.matcher(name).matches());
		// Files are in the cache from then on
		start(with, new Figures(), List.of(), certificate.arguments());
		for (int run = 0; run < RUNS; run++) {
			start(with, figures("with"), List.of(), certificate.arguments());
			start(without, figures("without"), List.of(), certificate.plainArguments());
		}
		report(with, without, classes(with, directory, certificate.arguments()),
				classes(without, directory, certificate.plainArguments()));
	}

	private Figures figures(String name) {
		return this.figures.computeIfAbsent(name, (key) -> new Figures());
	}

	private static void start(StartupJar jar, Figures figures, List<String> options, String[] arguments)
			throws IOException, InterruptedException {
		List<String> command = Stream
			.of(options.stream(), Stream.of("-jar", jar.file().toString(), "--server.port=0"), Stream.of(arguments))
			.flatMap((part) -> part)
			.toList();
		String name = jar.file().getFileName().toString();
		try (JavaProcess process = JavaProcess.start(name, command)) {
			process.finish(figures, name);
		}
	}

	private static LoadedClasses classes(StartupJar jar, Path directory, String[] arguments)
			throws IOException, InterruptedException {
		Path log = directory.resolve("classes.log");
		start(jar, new Figures(), List.of(LoadedClasses.option(log)), arguments);
		return LoadedClasses.read(log);
	}

	private void report(StartupJar with, StartupJar without, LoadedClasses moreClasses, LoadedClasses fewerClasses)
			throws IOException {
		Report report = new Report("startup");
		report.columns("until a web application has started", "with the starter", "without", "difference");
		row(report, "CPU, ms", "cpu.ms");
		row(report, "time since the JVM began, ms", "up.ms");
		row(report, "resident set, MB", "resident.mb");
		row(report, "loaded classes", "classes");
		row(report, "threads", "threads");
		report.row("executable jar, MB", Measured.round(with.megabytes()), Measured.round(without.megabytes()),
				Measured.round(with.megabytes() - without.megabytes()));
		report.row("jars in it", with.libraries(), without.libraries(), with.libraries() - without.libraries());
		report.columns("packages with the most further classes", "with the starter", "without", "difference");
		moreClasses.report(report, fewerClasses);
		report.publish();
	}

	private void row(Report report, String title, String name) {
		Measured with = figures("with").get(name);
		Measured without = figures("without").get(name);
		report.row(title, with, without, with.difference(without));
	}

}
