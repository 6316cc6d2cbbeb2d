package io.kubelet.cert.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

import io.kubelet.cert.EndToEndCluster;
import io.kubelet.cert.fleet.Audit.Audited;
import io.kubelet.cert.fleet.OneProcess.Calls;
import io.kubelet.cert.fleet.OneProcess.Phase;
import io.kubelet.cert.fleet.OneProcess.Signing;
import io.kubelet.cert.fleet.OneProcess.Times;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import org.assertj.core.api.SoftAssertions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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

	private static final Path REPORT = Path.of("target", "fleet", "real.md");

	@TempDir
	Path directory;

	private final Map<Phase, Counted> counted = new EnumMap<>(Phase.class);

	@Test
	void asManyCallsReachARealServerAsOneThatIsSimulated() throws Exception {
		Path cluster = EndToEndCluster.file("control-plane", "the directory of control-plane.sh");
		Files.createDirectories(REPORT.getParent());
		Files.deleteIfExists(REPORT);
		report("%,d certificates, away for %s and %s", CERTIFICATES, KILLED, RESTORED);
		disturb("save");
		Audit audit = new Audit(cluster.resolve("audit.log"));
		try (ConfigurableApplicationContext context = application(cluster.resolve("test.kubeconfig"))) {
			CertificateManagers managers = context.getBean(CertificateManagers.class);
			Map<String, String> last = awaitOthers(managers, Map.of());
			count(Phase.FIRST, audit);
			last = kill(managers, audit, last);
			last = restore(managers, audit, last);
			narrow(managers, audit, last);
		}
		SoftAssertions equal = new SoftAssertions();
		Times oneSeat = audit.timesOfOneSeat(CERTIFICATES,
				Objects.requireNonNull(this.counted.get(Phase.NARROW)).signing);
		for (Map.Entry<Phase, Counted> entry : this.counted.entrySet()) {
			Phase phase = entry.getKey();
			Counted counted = entry.getValue();
			Times times = new Times(oneSeat.write(), oneSeat.call(), oneSeat.seat(), counted.signing);
			Calls predicted = OneProcess.predict(phase, CERTIFICATES, times,
					(phase == Phase.KILLED) ? KILLED : RESTORED);
			report("predicted: %s %s with %s", phase.title, predicted, times);
			requireEqual(equal, phase, counted.calls, predicted);
		}
		equal.assertAll();
	}

	private static void requireEqual(SoftAssertions equal, Phase phase, Calls counted, Calls predicted) {
		requireEqual(equal, phase.title + ": created", counted.created(), predicted.created());
		requireEqual(equal, phase.title + ": lists", counted.lists(), predicted.lists());
		requireEqual(equal, phase.title + ": watches", counted.watches(), predicted.watches());
		requireEqual(equal, phase.title + ": 429", counted.busy(), predicted.busy());
	}

	/** A few calls are as many as chance has it. */
	private static void requireEqual(SoftAssertions equal, String calls, int counted, int predicted) {
		equal.assertThat(counted).as(calls).isCloseTo(predicted, within(Math.max(20, predicted / 5)));
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
				count(calls, (call) -> call.is("watch", 200)), count(calls, (call) -> call.code() == 429),
				Duration.between(audit.begunAt(), calls.get(calls.size() - 1).at()));
		this.counted.put(phase, new Counted(counted, audit.signing()));
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

	/**
	 * What was counted, and how fast the signer was meanwhile.
	 */
	private record Counted(Calls calls, Signing signing) {
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
