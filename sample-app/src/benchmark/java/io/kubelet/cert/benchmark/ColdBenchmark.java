package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * How long a web application takes until it is ready, and what it uses: without the
 * starter, with a stored certificate, and with a first one, for which it waits or not.
 * Without further options, and with the archives of classes that the JDK offers.
 */
final class ColdBenchmark {

	private static final int RUNS = Benchmarks.runs(10);

	private static final String NAME = "web";

	private static final int AOT_CACHE_SINCE = 25;

	private final Path directory = Certificates.directory();

	private final Map<String, Figures> figures = new LinkedHashMap<>();

	private final Cluster cluster;

	private final ExtractedApplication with;

	private final ExtractedApplication without;

	private final Path stored = this.directory.resolve("stored");

	private ColdBenchmark(Cluster cluster) throws IOException {
		this.cluster = cluster;
		this.with = ExtractedApplication.create(this.directory.resolve("with"), (name) -> true);
		this.without = ExtractedApplication.create(this.directory.resolve("without"),
				(name) -> !StartupBenchmark.STARTER.matcher(name).matches());
	}

	static void run() throws IOException, InterruptedException {
		try (Cluster cluster = Cluster.open(Certificates.directory())) {
			new ColdBenchmark(cluster).measure();
		}
	}

	private void measure() throws IOException, InterruptedException {
		// The certificate that the others find
		first(new Figures(), List.of(), this.stored);
		List<Archive> archives = archives();
		for (int run = 0; run < RUNS; run++) {
			for (Archive archive : archives) {
				start(this.without, figures(archive, "plain"), archive.plain(), plainArguments());
				start(this.with, figures(archive, "stored"), archive.starter(), arguments(this.stored));
				first(figures(archive, "first"), archive.starter(), newDirectory());
				first(figures(archive, "background"), archive.starter(), newDirectory(),
						"--kubelet.cert.startup.mode=background");
			}
		}
		report(archives);
	}

	/**
	 * Each learns from a start without the starter, and from one with a first
	 * certificate.
	 */
	private List<Archive> archives() throws IOException, InterruptedException {
		List<Archive> archives = new ArrayList<>(List.of(new Archive("no archive", List.of(), List.of()),
				train("class data sharing", "-XX:ArchiveClassesAtExit=", "-XX:SharedArchiveFile=")));
		if (Runtime.version().feature() >= AOT_CACHE_SINCE) {
			archives.add(train("AOT cache", "-XX:AOTCacheOutput=", "-XX:AOTCache="));
		}
		return archives;
	}

	private Archive train(String name, String write, String read) throws IOException, InterruptedException {
		Path plain = this.directory.resolve(name.replace(' ', '-') + "-plain");
		Path starter = this.directory.resolve(name.replace(' ', '-') + "-starter");
		start(this.without, new Figures(), List.of(write + plain), plainArguments());
		first(new Figures(), List.of(write + starter), newDirectory());
		return new Archive(name, List.of(read + plain), List.of(read + starter));
	}

	private void first(Figures figures, List<String> options, Path certificates, String... further)
			throws IOException, InterruptedException {
		start(this.with, figures, options, arguments(certificates, further));
	}

	private static void start(ExtractedApplication application, Figures figures, List<String> options,
			List<String> arguments) throws IOException, InterruptedException {
		List<String> command = Stream
			.of(options.stream(), Stream.of("-jar", application.jar().toString(), "--server.port=0"),
					arguments.stream())
			.flatMap((part) -> part)
			.toList();
		try (JavaProcess process = JavaProcess.start("cold", command)) {
			process.finish(figures, "cold");
		}
	}

	private Path newDirectory() {
		return this.directory.resolve(UUID.randomUUID().toString());
	}

	private List<String> arguments(Path certificates, String... further) {
		return Stream.concat(
				Stream.of("--kubelet.cert.pair-name=" + NAME, "--kubelet.cert.cert-dir=" + certificates,
						"--kubelet.cert.kubernetes.kubeconfig=" + this.cluster.kubeconfig(),
						"--kubelet.cert.template.common-name=" + Engine.commonName(0),
						"--kubelet.cert.template.organizations=" + Engine.ORGANIZATION, "--benchmark.bundle=" + NAME),
				Stream.of(further))
			.toList();
	}

	private List<String> plainArguments() {
		String store = "--spring.ssl.bundle.pem." + NAME + ".keystore.";
		Path pair = this.stored.resolve(NAME + "-current.pem");
		return List.of(store + "certificate=file:" + pair, store + "private-key=file:" + pair,
				"--server.ssl.bundle=" + NAME);
	}

	private Figures figures(Archive archive, String variant) {
		return this.figures.computeIfAbsent(archive.name() + variant, (key) -> new Figures());
	}

	private void report(List<Archive> archives) throws IOException, InterruptedException {
		Report report = new Report("cold");
		for (Archive archive : archives) {
			report.columns(archive.name() + ", " + this.cluster.name(), "plain", "stored", "above plain", "first",
					"above stored", "first, in the background");
			row(report, archive, "ready after, ms", "up.ms");
			row(report, archive, "CPU until then, ms", "cpu.ms");
			row(report, archive, "loaded classes", "classes");
			row(report, archive, "resident set, MB", "resident.mb");
		}
		report.columns("packages with the most further classes", "first", "stored", "difference");
		classes(newDirectory()).report(report, classes(this.stored));
		report.publish();
	}

	private void row(Report report, Archive archive, String title, String name) {
		Measured plain = figures(archive, "plain").get(name);
		Measured stored = figures(archive, "stored").get(name);
		Measured first = figures(archive, "first").get(name);
		report.row(title, plain, stored, stored.percentAbove(plain), first, first.percentAbove(stored),
				figures(archive, "background").get(name));
	}

	private LoadedClasses classes(Path certificates) throws IOException, InterruptedException {
		Path log = Files.createTempFile(this.directory, "classes", ".log");
		first(new Figures(), List.of(LoadedClasses.option(log)), certificates);
		return LoadedClasses.read(log);
	}

	/**
	 * What was learned in an earlier start.
	 *
	 * @param name the name for the report
	 * @param plain the options of a start without the starter
	 * @param starter the options of a start with the starter
	 */
	private record Archive(String name, List<String> plain, List<String> starter) {

	}

}
