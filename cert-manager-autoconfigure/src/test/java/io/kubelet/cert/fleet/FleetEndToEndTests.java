package io.kubelet.cert.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.EndToEndCluster;
import io.kubelet.cert.fleet.OneProcess.Calls;
import io.kubelet.cert.fleet.OneProcess.Phase;
import io.kubelet.cert.fleet.OneProcess.Times;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import org.assertj.core.data.Percentage;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Many certificates of one process on a real control plane, which is disturbed: by its
 * audit log, as many calls reach it as one that is simulated. With the profile
 * {@code real-cluster}, on the cluster of {@code control-plane.sh}.
 *
 * @see io.kubelet.cert.rotation.core.Decisions
 * @see io.kubelet.cert.rotation.RetrySchedule
 */
class FleetEndToEndTests {

	private static final int CERTIFICATES = Integer.getInteger("fleet.certificates", 300);

	private static final Duration KILLED = Duration.ofSeconds(Integer.getInteger("fleet.killed", 60));

	private static final Duration RESTORED = Duration.ofSeconds(Integer.getInteger("fleet.restored", 20));

	private static final Duration PATIENCE = Duration.ofMinutes(20);

	private static final Percentage EQUAL = Percentage.withPercentage(20);

	/** So many calls that follow each other show how fast the process is. */
	private static final int CLOSE = 100;

	private static final Path REPORT = Path.of("target", "fleet", "real.md");

	@TempDir
	Path directory;

	private final Map<Phase, Calls> counted = new LinkedHashMap<>();

	@Test
	void asManyCallsReachARealServerAsOneThatIsSimulated() throws Exception {
		Path cluster = EndToEndCluster.file("control-plane", "the directory of control-plane.sh");
		Map<Phase, Calls> predicted = OneProcess.predict(CERTIFICATES, Times.MEASURED, KILLED, RESTORED);
		Files.createDirectories(REPORT.getParent());
		Files.deleteIfExists(REPORT);
		report("%,d certificates, away for %s and %s%npredicted: %s", CERTIFICATES, KILLED, RESTORED, predicted);
		disturb("save");
		Audit audit = new Audit(cluster.resolve("audit.log"));
		try (ConfigurableApplicationContext context = application(cluster.resolve("test.kubeconfig"))) {
			CertificateManagers managers = context.getBean(CertificateManagers.class);
			Map<String, String> last = awaitOthers(managers, Map.of());
			count(Phase.FIRST, audit);
			last = kill(managers, audit, last);
			last = restore(managers, audit, last);
			narrow(managers, audit, last);
			Times times = audit.timesOfOneSeat();
			predicted.put(Phase.NARROW, OneProcess.narrow(CERTIFICATES, times));
			report("one seat: %s with %s", predicted.get(Phase.NARROW), times);
		}
		predicted
			.forEach((phase, calls) -> assertThat(Objects.requireNonNull(this.counted.get(phase)).all()).as(phase.title)
				.isCloseTo(calls.all(), EQUAL));
	}

	private Map<String, String> kill(CertificateManagers managers, Audit audit, Map<String, String> last)
			throws Exception {
		disturb("kill-signer");
		disturb("kill");
		managers.forEach(CertificateManager::rotate);
		pass(Instant.now(), KILLED);
		return recover(Phase.KILLED, managers, audit, last);
	}

	/** All requests are pending, and vanish. */
	private Map<String, String> restore(CertificateManagers managers, Audit audit, Map<String, String> last)
			throws Exception {
		disturb("kill-signer");
		audit.begin();
		Instant begin = Instant.now();
		managers.forEach(CertificateManager::rotate);
		Awaitility.await()
			.atMost(PATIENCE)
			.pollInterval(Duration.ofSeconds(2))
			.until(() -> audit.calls().filter(Audited::isCreated).count() == CERTIFICATES);
		disturb("restore");
		pass(begin, RESTORED);
		return recover(Phase.RESTORED, managers, audit, last);
	}

	private Map<String, String> recover(Phase phase, CertificateManagers managers, Audit audit,
			Map<String, String> last) throws Exception {
		audit.begin();
		disturb("start");
		disturb("start-signer");
		Map<String, String> next = awaitOthers(managers, last);
		count(phase, audit);
		return next;
	}

	private void narrow(CertificateManagers managers, Audit audit, Map<String, String> last) throws Exception {
		disturb("narrow");
		audit.begin();
		managers.forEach(CertificateManager::rotate);
		awaitOthers(managers, last);
		count(Phase.NARROW, audit);
	}

	private static void pass(Instant begin, Duration time) {
		Awaitility.await().atMost(PATIENCE).until(() -> Instant.now().isAfter(begin.plus(time)));
	}

	/** Spring Boot looks up properties of a file faster than others. */
	private ConfigurableApplicationContext application(Path kubeconfig) throws IOException {
		List<String> properties = new ArrayList<>(
				List.of("kubelet.cert.cert-dir=" + this.directory, "kubelet.cert.startup.mode=background",
						"kubelet.cert.rotation.forced-interval=0s", "kubelet.cert.kubernetes.kubeconfig=" + kubeconfig,
						"logging.file.name=target/fleet/real.log", "logging.threshold.console=ERROR"));
		for (int number = 0; number < CERTIFICATES; number++) {
			String prefix = "kubelet.cert." + ((number > 0) ? "additional.c" + number + "." : "") + "template.";
			properties.add(prefix + "common-name=system:node:fleet-" + number);
			properties.add(prefix + "organizations=system:nodes");
		}
		Path file = Files.write(this.directory.resolve("application.properties"), properties);
		return new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.properties("spring.config.additional-location=" + file)
			.run();
	}

	/** Waits until each manager has a certificate, and another one than before. */
	private static Map<String, String> awaitOthers(CertificateManagers managers, Map<String, String> before) {
		return Awaitility.await()
			.atMost(PATIENCE)
			.until(() -> serialNumbers(managers),
					(serialNumbers) -> serialNumbers.size() == CERTIFICATES && serialNumbers.entrySet()
						.stream()
						.noneMatch((entry) -> entry.getValue().equals(before.get(entry.getKey()))));
	}

	private static Map<String, String> serialNumbers(CertificateManagers managers) {
		Map<String, String> serialNumbers = new HashMap<>();
		managers.forEach((manager) -> manager.current()
			.ifPresent((pair) -> serialNumbers.put(manager.name(), pair.serialNumber())));
		return serialNumbers;
	}

	private void count(Phase phase, Audit audit) throws IOException {
		List<Audited> calls = audit.calls().toList();
		Calls counted = new Calls(count(calls, Audited::isCreated), count(calls, (call) -> call.is("list", 200)),
				count(calls, (call) -> call.is("watch", 200)), count(calls, (call) -> call.code == 429),
				Duration.between(audit.begin, calls.get(calls.size() - 1).at));
		this.counted.put(phase, counted);
		report("counted: %s %s, others: %d", phase.title, counted, calls.size() - counted.all());
		assertThat(audit.mostPending()).as(phase.title).isEqualTo(1);
	}

	private static void report(String line, Object... values) throws IOException {
		Files.writeString(REPORT, line.formatted(values) + System.lineSeparator(), StandardOpenOption.CREATE,
				StandardOpenOption.APPEND);
	}

	private static int count(List<Audited> calls, Predicate<Audited> counted) {
		return (int) calls.stream().filter(counted).count();
	}

	private static void disturb(String how) throws Exception {
		ProcessBuilder command = new ProcessBuilder("bash", "src/test/kubernetes/control-plane.sh", how).inheritIO();
		command.environment().put("DIR", System.getProperty("control-plane"));
		assertThat(command.start().waitFor()).as(how).isZero();
	}

	/** The calls that the API server has logged. */
	private static final class Audit {

		private final Path log;

		private Instant begin = Instant.now();

		Audit(Path log) {
			this.log = log;
		}

		void begin() {
			this.begin = Instant.now();
		}

		private Stream<Audited> all() throws IOException {
			// A watch is logged when it begins and when it ends
			String text = Files.readString(this.log);
			// Another line may be being written
			return text.substring(0, text.lastIndexOf('\n') + 1)
				.lines()
				.map(JsonMapper.shared()::readTree)
				.filter((event) -> !(event.at("/verb").asString().equals("watch")
						&& event.at("/stage").asString().equals("ResponseComplete")))
				.map(Audited::of)
				.filter((call) -> call.end.isAfter(this.begin))
				.sorted((one, other) -> one.end.compareTo(other.end));
		}

		/** Returns the calls of the application. */
		Stream<Audited> calls() throws IOException {
			return all().filter((call) -> call.user.endsWith(":cert-manager-test"));
		}

		/**
		 * Returns how fast the process and the server were. One call of each certificate
		 * comes first, and before any is repeated. Those that are repeated follow each
		 * other as fast as the process can where they are closest.
		 */
		Times timesOfOneSeat() throws IOException {
			List<Audited> calls = calls().filter((call) -> call.verb.equals("create"))
				.sorted(Comparator.comparing(Audited::at))
				.toList();
			double seat = calls.stream()
				.limit(CERTIFICATES)
				.filter(Audited::isCreated)
				.mapToLong((call) -> Duration.between(call.at, call.end).toNanos())
				.average()
				.orElseThrow();
			Duration repeated = IntStream.range(CERTIFICATES, calls.size() - CLOSE)
				.mapToObj((call) -> interval(calls.subList(call, call + CLOSE)).multipliedBy(Watches.Process.CALLS))
				.min(Comparator.naturalOrder())
				.orElse(Times.MEASURED.call());
			return new Times(interval(calls.subList(0, CERTIFICATES)), repeated, Duration.ofNanos((long) seat),
					Times.MEASURED.signing(), Times.MEASURED.signerLater());
		}

		private static Duration interval(List<Audited> calls) {
			return Duration.between(calls.get(0).at, calls.get(calls.size() - 1).at).dividedBy(calls.size() - 1);
		}

		/** Returns the most pending requests that one certificate has had at once. */
		int mostPending() throws IOException {
			Map<String, Set<String>> pending = new HashMap<>();
			int most = 0;
			for (Audited call : all().toList()) {
				Set<String> names = pending.computeIfAbsent(call.certificate(), (any) -> new HashSet<>());
				if (call.isCreated()) {
					names.add(call.name);
					most = Math.max(most, names.size());
				}
				else if (call.is("update", 200)) {
					names.remove(call.name);
				}
			}
			return most;
		}

	}

	/**
	 * A call.
	 *
	 * @param name of the request; that of its certificate and a hash
	 */
	private record Audited(String user, String verb, int code, String name, Instant at, Instant end) {

		static Audited of(JsonNode event) {
			return new Audited(event.at("/user/username").asString(), event.at("/verb").asString(),
					event.at("/responseStatus/code").asInt(0), event.at("/objectRef/name").asString(""),
					Instant.parse(event.at("/requestReceivedTimestamp").asString()),
					Instant.parse(event.at("/stageTimestamp").asString()));
		}

		boolean is(String verb, int code) {
			return this.verb.equals(verb) && this.code == code;
		}

		String certificate() {
			return this.name.substring(0, Math.max(0, this.name.lastIndexOf('-')));
		}

		boolean isCreated() {
			return is("create", 201);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
