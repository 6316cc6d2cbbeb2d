package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.X509TrustManager;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.ClientRotationTests.Client;
import io.kubelet.cert.ssl.ClientRotationTests.Clients;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.ApprovalPolicy.Verdict;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.TrustBundles;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Nine clients call three servers for hours, while all certificates rotate every few
 * seconds, the API server is killed now and then, and authorities come and go. No call
 * may fail, and nothing that the process holds may grow. It is run by the Maven profile
 * {@code soak}, and no part of the normal tests.
 */
class TlsSoak {

	/** Less than what a leak at each restart of the API server leaves in two hours. */
	static final int FEW = 4;

	/**
	 * For so many, each bundle has a meter until none of their peers is seen for a day.
	 */
	private static final int AUTHORITIES = 10;

	/** The pools of servers would grow to their limit, as ever more calls coincide. */
	private static final String THREADS = "20";

	private static final Logger logger = LoggerFactory.getLogger(TlsSoak.class);

	private static final Duration LENGTH = Duration.ofMinutes(Integer.getInteger("minutes", 120));

	private static final Duration ROTATION = period("rotation", "5s");

	private static final Duration DRAIN = ROTATION.multipliedBy(2);

	private static final Duration RESTART = period("restart", "10m");

	private static final Duration TRUST = period("trust", "15m");

	private static final Duration SAMPLE = period("sample", "1m");

	private static final String ISSUER = "soak";

	/** The issuer signs requests to the API of Kubernetes. */
	private static final String SIGNER = "clusterissuers.cert-manager.io/" + ISSUER;

	private final EmbeddedControlPlane plane = RotatingApplication.plane;

	private final AtomicInteger calls = new AtomicInteger();

	private final AtomicInteger rotations = new AtomicInteger();

	private final AtomicInteger failed = new AtomicInteger();

	private final SoakReport report = new SoakReport(Path.of("target", "soak"));

	private final Map<Client, Function<URI, String>> clients = new EnumMap<>(Client.class);

	private List<RotatingServer> servers = List.of();

	/** The servers, and that of the clients. */
	private List<RotatingApplication> applications = List.of();

	private int generation;

	@TempDir
	private Path directory;

	private static Duration period(String name, String value) {
		return DurationStyle.detectAndParse(System.getProperty("soak." + name, value));
	}

	@Test
	void noCallFailsAndNothingGrows() throws Exception {
		assertThat(LENGTH.dividedBy(SAMPLE)).as("samples").isGreaterThanOrEqualTo(12);
		this.plane.behavior().approval((request) -> Verdict.approve());
		this.plane.allow("system:bootstrappers", Set.of("get", "list", "watch"), "clustertrustbundles");
		this.plane.certManager().signCertificateSigningRequests();
		TrustBundles bundles = new TrustBundles(this.plane, this.directory, "v1");
		replaceAuthority(bundles);
		String export = "kubelet.cert.export.directory=" + this.directory.resolve("export");
		try (RotatingServer tomcat = new RotatingServer(Kind.TOMCAT, Metrics.class, properties(export));
				RotatingServer jetty = new RotatingServer(Kind.JETTY, Metrics.class,
						properties("kubelet.cert.ssl.trust-file=" + this.directory.resolve("ca.crt")));
				RotatingServer netty = new RotatingServer(Kind.NETTY, Metrics.class, properties());
				RotatingApplication own = new RotatingApplication(ClientsWithMetrics.class,
						properties("kubelet.cert.additional.client.store.type=secret"))) {
			this.servers = List.of(tomcat, jetty, netty);
			this.applications = List.of(tomcat, jetty, netty, own);
			for (Client client : Client.values()) {
				this.clients.put(client, client.with(own.bundle("client")));
			}
			for (int authorities = 0; authorities < AUTHORITIES; authorities++) {
				replaceAuthority(bundles);
				checkThatAllUseTheNewCertificates();
			}
			measure();
			List<Callable<?>> calls = this.clients.entrySet()
				.stream()
				.<Callable<?>>map((client) -> calls(client.getKey(), client.getValue()))
				.toList();
			Load.during(1, Duration.ofMillis(200), calls, () -> run(bundles));
			logger.info("{}", this.report);
			assertThat(this.report.rising()).isEmpty();
		}
	}

	private static String[] properties(String... own) {
		return Stream.concat(Stream.of(own),
				Stream.of("kubelet.cert.signer-name=" + SIGNER, "kubelet.cert.additional.client.signer-name=" + SIGNER,
						"kubelet.cert.ssl.trust-bundle.signer-name=" + SIGNER,
						"kubelet.cert.ssl.trust-overlap=" + TRUST.dividedBy(3), "kubelet.cert.ssl.drain=" + DRAIN,
						"kubelet.cert.additional.client.template.common-name=soak",
						"kubelet.cert.additional.client.template.organizations=",
						"kubelet.cert.ssl.accepted-clients.common-names=soak",
						"kubelet.cert.ssl.accepted-servers.dns-names=localhost", "server.ssl.client-auth=want",
						"server.tomcat.threads.min-spare=" + THREADS, "server.tomcat.threads.max=" + THREADS,
						"server.jetty.threads.min=" + THREADS, "server.jetty.threads.max=" + THREADS))
			.toArray(String[]::new);
	}

	/** Calls one server after the other. */
	private Callable<Integer> calls(Client client, Function<URI, String> requests) {
		AtomicInteger next = new AtomicInteger(client.ordinal());
		return () -> {
			URI server = this.servers.get(next.getAndIncrement() % this.servers.size()).uri();
			long start = System.nanoTime();
			try {
				assertThat(requests.apply(server)).isNotEqualTo("none");
				return this.calls.incrementAndGet();
			}
			catch (Exception | AssertionError ex) {
				this.failed.incrementAndGet();
				logger.error("A call of {} to {} has failed after {}", client, server,
						Duration.ofNanos(System.nanoTime() - start), ex);
				throw ex;
			}
		};
	}

	private void measure() throws IOException {
		AtomicInteger lines = logLines();
		List<SimpleMeterRegistry> meters = this.applications.stream().map(TlsSoak::meters).toList();
		double rotations = managers().count() * LENGTH.dividedBy(ROTATION);
		this.report.series("heap, KB", rotations / 2, Vitals::heap)
			.series("metaspace, KB", rotations / 2, Vitals::metaspace)
			.series("direct buffers, KB", rotations / 2, Vitals::directBuffers)
			.series("compiled code, KB", Double.POSITIVE_INFINITY, Vitals::code)
			.series("resident without it, KB", 2 * rotations, Vitals::resident)
			.series("threads", FEW, Vitals::threads)
			.series("sockets", FEW, () -> Vitals.descriptors("socket:"))
			.series("inotify", 0, () -> Vitals.descriptors("anon_inode:inotify"))
			.series("epoll, events", FEW, () -> Vitals.descriptors("anon_inode:[event"))
			.series("pipes", FEW, () -> Vitals.descriptors("pipe:"))
			.series("open files", FEW, () -> Vitals.descriptors("/"))
			.series("files", FEW, this::files)
			.series("meters", FEW, () -> meters.stream().mapToInt((registry) -> registry.getMeters().size()).sum())
			.series("watches", FEW, this.plane::openWatches)
			.series("pending requests", FEW, () -> this.plane.openCertificateSigningRequests().size())
			.series("log lines for each rotation", 1, () -> (double) lines.getAndSet(0) / this.rotations.get())
			.series("rotations", Double.POSITIVE_INFINITY, () -> this.rotations.getAndSet(0))
			.series("calls", Double.POSITIVE_INFINITY, () -> this.calls.getAndSet(0))
			.series("failed calls", 0, () -> this.failed.getAndSet(0))
			.start();
	}

	private static AtomicInteger logLines() {
		AtomicInteger lines = new AtomicInteger();
		AppenderBase<ILoggingEvent> counter = new AppenderBase<>() {

			@Override
			protected void append(ILoggingEvent event) {
				lines.incrementAndGet();
			}

		};
		counter.start();
		((ch.qos.logback.classic.Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).addAppender(counter);
		return lines;
	}

	private static SimpleMeterRegistry meters(RotatingApplication application) {
		SimpleMeterRegistry meters = new SimpleMeterRegistry();
		application.beans(MeterBinder.class).forEach((binder) -> binder.bindTo(meters));
		return meters;
	}

	/** Those that the applications write. */
	private double files() {
		return Stream.concat(Stream.of(this.directory), this.applications.stream().map(RotatingApplication::directory))
			.mapToLong((directory) -> {
				try (Stream<Path> files = Files.walk(directory)) {
					return files.count();
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			})
			.sum();
	}

	/** Rotates until the time is over, and does what else is due. */
	private void run(TrustBundles bundles) throws Exception {
		Interval end = new Interval(LENGTH.multipliedBy(2));
		Interval restart = new Interval(RESTART);
		Interval trust = new Interval(TRUST);
		Interval sample = new Interval(SAMPLE);
		while (!end.isOver()) {
			long due = System.nanoTime() + ROTATION.toNanos();
			if (restart.isOver()) {
				restart();
			}
			if (trust.isOver()) {
				replaceAuthority(bundles);
			}
			rotate();
			checkThatAllUseTheNewCertificates();
			if (sample.isOver()) {
				sample();
			}
			TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
		}
	}

	/** Kills the API server; rotations that begin meanwhile end after its restart. */
	private void restart() throws InterruptedException {
		Map<CertificateManager, X509Certificate> before = managers()
			.collect(Collectors.toMap(Function.identity(), TlsSoak::leaf));
		this.plane.pause();
		managers().forEach(CertificateManager::rotate);
		TimeUnit.NANOSECONDS.sleep(RESTART.toNanos() / 20);
		this.plane.resume();
		await().until(() -> managers().noneMatch((manager) -> leaf(manager).equals(before.get(manager))));
	}

	private Stream<CertificateManager> managers() {
		return this.applications.stream()
			.flatMap((application) -> application.bean(CertificateManagers.class).stream());
	}

	private static X509Certificate leaf(CertificateManager manager) {
		return manager.current().orElseThrow().leaf();
	}

	/** The previous authority is trusted until the overlap is over. */
	private void replaceAuthority(TrustBundles bundles) throws Exception {
		String bundle = SIGNER.replace('/', ':') + ":";
		if (this.generation > 0) {
			this.plane.certManager().removeClusterIssuer(ISSUER);
		}
		String authority = this.plane.certManager().clusterIssuer(ISSUER).caPem(ISSUER);
		bundles.create(bundle + ++this.generation, Map.of(), authority);
		Path file = Files.writeString(this.directory.resolve("next.crt"), authority);
		Files.move(file, this.directory.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
		X509Certificate certificate = Pem.readCertificates(authority).get(0);
		await().until(() -> this.applications.stream().allMatch((application) -> trusts(application, certificate)));
		rotate();
		if (this.generation > 1) {
			bundles.delete(bundle + (this.generation - 1));
		}
	}

	private static boolean trusts(RotatingApplication application, X509Certificate authority) {
		return Stream.of("server", "client")
			.map((name) -> (X509TrustManager) application.bundle(name).getManagers().getTrustManagers()[0])
			.allMatch((trust) -> List.of(trust.getAcceptedIssuers()).contains(authority));
	}

	private void rotate() {
		CompletableFuture<?>[] all = managers().map(CertificateManager::rotate).toArray(CompletableFuture[]::new);
		CompletableFuture.allOf(all).join();
		this.rotations.addAndGet(all.length);
	}

	private void checkThatAllUseTheNewCertificates() throws IOException {
		String presented = this.applications.get(this.servers.size()).serial("client");
		for (RotatingServer server : this.servers) {
			try (Connection connection = new Connection(
					Connection.context(this.plane.certManager().caPem(ISSUER), null, "TLS"), server.port(), null)) {
				assertThat(connection.serverCertificate()).isEqualTo(server.pair("server").leaf());
			}
			assertThat(this.clients)
				.allSatisfy((client, requests) -> assertThat(requests.apply(server.uri())).isEqualTo(presented));
		}
	}

	/**
	 * What is left of earlier certificates has an end first: connections, and then the
	 * clients of the JDK, which notice after up to three seconds that nobody has them any
	 * more. The control plane keeps no more than a real one, which removes old requests.
	 */
	private void sample() throws Exception {
		TimeUnit.NANOSECONDS.sleep(DRAIN.toNanos());
		System.gc();
		TimeUnit.SECONDS.sleep(4);
		this.plane.compactHistory();
		this.plane.clearRequests();
		List<String> pending = this.plane.openCertificateSigningRequests();
		this.plane.certificateSigningRequests()
			.stream()
			.filter((name) -> !pending.contains(name))
			.forEach(this.plane::delete);
		this.report.sample();
	}

	/** Is over for the first time after a half, so that all has happened early. */
	private static final class Interval {

		private final long length;

		private long end;

		Interval(Duration length) {
			this.length = length.toNanos();
			this.end = System.nanoTime() + this.length / 2;
		}

		boolean isOver() {
			boolean over = System.nanoTime() >= this.end;
			if (over) {
				this.end += this.length;
			}
			return over;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(CertificateActuatorAutoConfiguration.class)
	static class Metrics {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(CertificateActuatorAutoConfiguration.class)
	static class ClientsWithMetrics extends Clients {

	}

}
