package io.kubelet.cert.autoconfigure.actuate;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.ProjectFiles;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The series on which {@code promtool} tests the alerts are those of a certificate in
 * simulated time, scraped once a minute. With the system property {@code docs.generate},
 * they are written anew.
 *
 * @see CertificateMetrics
 * @see "docs/monitoring/rules.test.yaml"
 */
class AlertSeriesTests {

	private static final Path FILE = ProjectFiles.ROOT.resolve("docs/monitoring/rules.test.yaml");

	private static final Pattern SERIES = Pattern
		.compile("(- name: (.+)\n  interval: 1m\n  input_series:\n)((?:  - .*\n)*)");

	/** Is due after 80 % of its lifetime: of six hours, after 4:48. */
	private static final Map<String, Consumer<Recording>> RUNS = Map.ofEntries(Map.entry("a quiet day", (shop) -> {
		// With a person who takes two minutes, and an API server that is away for three
		shop.signer.holds();
		shop.begin();
		shop.runUntil(0, 2);
		shop.approve();
		shop.runUntil(9, 37);
		shop.loseServer();
		shop.runUntil(9, 40);
		shop.outage = null;
		shop.runUntil(24, 0);
	}), Map.entry("nobody approves the rotation", (shop) -> {
		shop.begin();
		shop.signer.holds();
		shop.runUntil(6, 30);
		shop.approve();
		shop.runUntil(6, 40);
	}), Map.entry("the approver denies the rotation", (shop) -> {
		shop.begin();
		shop.signer.failsWith((request) -> RequestException.denied(String.valueOf(request.name()), request.signer(),
				"NotToday", "the approver is on holiday"));
		shop.runUntil(5, 50);
		shop.signer.issues();
		shop.manager.rotate();
		shop.runUntil(6, 0);
	}), Map.entry("the approver denies the first request, and rotation is off", (shop) -> {
		shop.isRequestedOnce();
		shop.signer.denies();
		shop.begin();
		shop.runUntil(0, 10);
		shop.signer.issues();
		shop.manager.rotate();
		shop.runUntil(0, 20);
	}), Map.entry("the API server is out of reach", (shop) -> {
		// Not in a cluster
		shop.target = "instance=\"shop.example.com:8443\",job=\"shop\"";
		shop.begin();
		shop.runUntil(4, 30);
		shop.loseServer();
		shop.runUntil(5, 40);
		shop.outage = null;
		shop.runUntil(6, 0);
	}), Map.entry("nobody approves the first request", (shop) -> {
		shop.signer.holds();
		shop.begin();
		shop.runUntil(0, 30);
		shop.approve();
		shop.runUntil(0, 40);
	}), Map.entry("a rotation begins shortly before the latest deadline", (shop) -> {
		shop.random = 0.999;
		shop.begin();
		shop.signer.holds();
		shop.runUntil(5, 25);
		shop.approve();
		shop.runUntil(5, 30);
	}), Map.entry("nobody approves a certificate for an hour", (shop) -> {
		shop.signer.lifetime = Duration.ofHours(1);
		shop.begin();
		shop.signer.holds();
		shop.runUntil(1, 0);
	}), Map.entry("nobody approves a certificate for a year", (shop) -> {
		shop.storeForAYear();
		shop.signer.holds();
		shop.begin();
		shop.runUntil(26, 0);
	}), Map.entry("the API server is out of reach for a certificate for a year", (shop) -> {
		shop.storeForAYear();
		shop.loseServer();
		shop.begin();
		shop.runUntil(26, 0);
	}), Map.entry("another program replaces its pair six minutes before the expiry", (shop) -> {
		shop.isManagedByAnotherProgram();
		shop.storePair(Duration.ZERO, Duration.ofHours(6));
		shop.begin();
		shop.runUntil(5, 54);
		shop.storePair(Duration.ZERO, Duration.ofHours(6));
		shop.runUntil(6, 30);
	}), Map.entry("an authority expires", (shop) -> {
		shop.signer.lifetime = Duration.ofDays(60);
		Instant end = shop.time.instant().plus(Duration.ofDays(60)).plus(Duration.ofMinutes(5));
		shop.trust = Trust.exactly(List.of(shop.authority.intermediate("old", shop.time.instant(), end).certificate()));
		shop.begin();
		shop.runUntil(0, 10);
	}), Map.entry("an application stops", (shop) -> {
		shop.begin();
		shop.runUntil(0, 10);
	}), Map.entry("the clock is slow", (shop) -> {
		shop.begin();
		shop.loseServer();
		shop.time.setClock(Duration.ofDays(-2));
		shop.runUntil(0, 10);
	}));

	@Test
	void seriesAreThoseOfARun() throws IOException {
		String written = Files.readString(FILE);
		Set<String> names = SERIES.matcher(written).results().map((run) -> run.group(2)).collect(Collectors.toSet());
		assertThat(names).containsAll(RUNS.keySet());
		String recorded = SERIES.matcher(written)
			.replaceAll((run) -> run.group(1)
					+ (RUNS.containsKey(run.group(2)) ? series(RUNS.get(run.group(2))) : run.group(3)));
		if (Boolean.getBoolean("docs.generate")) {
			Files.writeString(FILE, recorded);
		}
		assertThat(Files.readString(FILE)).isEqualTo(recorded);
	}

	private static String series(Consumer<Recording> run) {
		Recording recording = new Recording();
		run.accept(recording);
		return recording.toString();
	}

	/** The metrics of a certificate, as Prometheus scrapes them. */
	private static final class Recording extends ManagerFixture {

		private static final Pattern METRIC = Pattern.compile("kubelet_cert_\\w+");

		private static final Pattern SAMPLE = Pattern.compile("(?m)^(kubelet_cert_\\w+)\\{(.*)} (\\S+)$");

		CertificateManager manager;

		private int minutes;

		Trust trust = Trust.exactly(List.of());

		/** The labels that Prometheus adds. */
		String target = "namespace=\"web\",pod=\"shop-0\",job=\"shop\"";

		private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

		/** What the rules use. Counters are read by names without their ending. */
		private final Set<String> used = METRIC.matcher(ProjectFiles.read("docs/monitoring/rules.yaml"))
			.results()
			.map((name) -> name.group().replace("_total", ""))
			.collect(Collectors.toSet());

		private final Map<String, List<String>> values = new TreeMap<>();

		Recording() {
			this.random = 0.5;
			this.signer.lifetime = Duration.ofHours(6);
			this.name = "shop";
			this.manager = requested().build();
		}

		private CertificateManagerBuilder requested() {
			return builder().signerName("example.com/serving")
				.usages(List.of(Usage.DIGITAL_SIGNATURE, Usage.SERVER_AUTH))
				.template(CertificateTemplate.ofSubject("shop"));
		}

		/** As with a bootstrap kubeconfig. */
		void isRequestedOnce() {
			this.manager = requested().with((it) -> it.once = true).build();
		}

		void isManagedByAnotherProgram() {
			this.manager = withoutSigner().build();
		}

		void loseServer() {
			this.outage = RequestException.unavailable("Unreachable", "connection refused", null, null);
		}

		void begin() {
			CertificateManagers managers = new CertificateManagers(List.of(this.manager));
			CertificateMetrics metrics = new CertificateMetrics(managers, (name) -> this.trust, this.time);
			this.manager.addListener(metrics);
			metrics.bindTo(this.registry);
			this.manager.start();
			this.time.settle();
			scrape();
		}

		/** A pair that is due in a minute. */
		void storeForAYear() {
			Instant since = this.time.instant().minus(Duration.ofDays(292)).plus(Duration.ofMinutes(1));
			this.store.pair = this.authority.pair(CertificateTemplate.ofSubject("shop"), since,
					since.plus(Duration.ofDays(365)));
		}

		/** The signer answers the last request. */
		void approve() {
			answer(this.signer.requests.size() - 1);
			this.signer.issues();
		}

		void runUntil(int hour, int minute) {
			for (; this.minutes < hour * 60 + minute; this.minutes++) {
				pass(Duration.ofMinutes(1));
				scrape();
			}
		}

		private void scrape() {
			SAMPLE.matcher(this.registry.scrape("text/plain", this.used))
				.results()
				.forEach((sample) -> this.values
					.computeIfAbsent("%s{%s,%s}".formatted(sample.group(1), this.target, sample.group(2)),
							(series) -> new ArrayList<>())
					.add(sample.group(3)));
		}

		/**
		 * The input series of {@code promtool}, without those that are always 0 or NaN.
		 */
		@Override
		public String toString() {
			StringBuilder text = new StringBuilder();
			this.values.values().removeIf((values) -> values.stream().allMatch(Set.of("0.0", "NaN")::contains));
			this.values.forEach((series, values) -> text
				.append("  - {series: '%s', values: '%s'}\n".formatted(series, String.join(" ", expanding(values)))));
			return text.toString();
		}

		/**
		 * Each run of equal steps in one piece, such as {@code 0x9} or {@code 60-1x9}.
		 */
		private static List<String> expanding(List<String> values) {
			List<String> pieces = new ArrayList<>();
			for (int first = 0, last; first < values.size(); first = last + 1) {
				last = first;
				String step = step(values, last);
				while (!step.isEmpty() && step.equals(step(values, last))) {
					last++;
				}
				String start = values.get(first).equals("NaN") ? "NaN" : plain(new BigDecimal(values.get(first)));
				pieces.add((last == first) ? start : start + (step.equals("+0") ? "" : step) + "x" + (last - first));
			}
			return pieces;
		}

		/** From one value to the next, empty if there is none. */
		private static String step(List<String> values, int index) {
			if (index + 1 >= values.size() || values.subList(index, index + 2).contains("NaN")) {
				return "";
			}
			BigDecimal step = new BigDecimal(values.get(index + 1)).subtract(new BigDecimal(values.get(index)));
			return (step.signum() < 0) ? plain(step) : "+" + plain(step);
		}

		private static String plain(BigDecimal number) {
			return (number.signum() == 0) ? "0" : number.stripTrailingZeros().toPlainString();
		}

	}

}
