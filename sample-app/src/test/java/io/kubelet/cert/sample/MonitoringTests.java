package io.kubelet.cert.sample;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.test.spring.EnableEmbeddedControlPlane;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The alerts and the dashboard use metrics that the running application has, and the
 * alerts fire when they should.
 *
 * @see "docs/monitoring"
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = "kubelet.cert.export.directory=target/exported")
@EnableEmbeddedControlPlane(signers = "ClusterIssuer/internal")
class MonitoringTests {

	private static final Path MONITORING = Path.of("..", "docs", "monitoring");

	private static final String SELECTION = "{namespace=~\"$namespace\",job=~\"$application\",certificate=~\"$certificate\"";

	private static final Pattern METRIC = Pattern.compile("kubelet_cert_\\w+");

	@ParameterizedTest
	@ValueSource(strings = { "rules.yaml", "rules.test.yaml", "dashboard.json" })
	void metricsExistInAScrape(String file, @Autowired List<MeterBinder> metrics) throws IOException {
		Set<String> used = METRIC.matcher(Files.readString(MONITORING.resolve(file)))
			.results()
			.map((metric) -> metric.group())
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(used).isNotEmpty();
		assertThat(scrape(metrics).lines().map((line) -> line.split("[{ ]")[0]).collect(Collectors.toSet()))
			.containsAll(used);
	}

	@Test
	void trustOfTheBundlesIsReported(@Autowired List<MeterBinder> metrics) {
		assertThat(scrape(metrics)).contains("kubelet_cert_trust_authorities{certificate=\"shop\"} 1.0")
			.containsPattern("kubelet_cert_trust_expiry_seconds\\{certificate=\"shop\"} \\d")
			.containsPattern("kubelet_cert_info\\{certificate=\"shop\",issuer=\"[^\"]+\",key_algorithm=\"EC P-256\","
					+ "serial_number=\"[0-9a-f]+\",signer=\"[^\"]+\"} 1");
	}

	@Test
	void variablesOfTheDashboardSelectInEachPanel() throws IOException {
		assertThat(expressions()).isNotEmpty()
			.allMatch((expression) -> METRIC.matcher(expression)
				.results()
				.count() == Pattern.compile(Pattern.quote(SELECTION)).matcher(expression).results().count());
	}

	/** Otherwise, nobody can read it. The largest number is 50, of a table. */
	@Test
	void panelsOfTheDashboardShowFewSeriesOfManyCertificates(@TempDir Path directory,
			@Autowired List<MeterBinder> metrics) throws Exception {
		List<String> samples = scrape(metrics).lines()
			.filter((line) -> line.matches("kubelet_cert_.*certificate=\"shop\".*"))
			.toList();
		List<Map<String, String>> series = IntStream.range(0, 90)
			.boxed()
			.flatMap((instance) -> samples.stream()
				.map((sample) -> Map.of("series",
						sample.substring(0, sample.lastIndexOf('}')) + ",namespace=\"web\",job=\"shop\",pod=\"shop-"
								+ instance + "\"}",
						"values", sample.substring(sample.lastIndexOf(' ') + 1) + "x1")))
			.toList();
		List<Map<String, Object>> counts = expressions().stream()
			.map((expression) -> Map.<String, Object>of("expr",
					"count(" + expression.replaceAll("\\$\\w+", ".*") + " or vector(0)) <= bool 51", "eval_time", "1m",
					"exp_samples", List.of(Map.of("labels", "{}", "value", 1))))
			.toList();
		Path file = directory.resolve("dashboard.json");
		Files.writeString(file,
				JsonMapper.shared()
					.writeValueAsString(Map.of("tests",
							List.of(Map.of("interval", "1m", "input_series", series, "promql_expr_test", counts)))));
		promtool("test", "rules", file.toString());
	}

	private static List<String> expressions() throws IOException {
		return JsonMapper.shared()
			.readTree(Files.readString(MONITORING.resolve("dashboard.json")))
			.findValuesAsString("expr");
	}

	@Test
	void alertsAreValidAndFireWhenTheyShould() throws Exception {
		promtool("check", "rules", "rules.yaml");
		promtool("test", "rules", "rules.test.yaml");
	}

	@Test
	void everyAlertIsTestedAndDescribed() throws IOException {
		assertThat(names("alert: (\\w+)", "rules.yaml")).isNotEmpty()
			.isEqualTo(names("alertname: (\\w+)\\s+exp_alerts", "rules.test.yaml"))
			.isEqualTo(names("\\| `(\\w+)` \\| (?:critical|warning) \\|", "README.md"));
	}

	private static Set<String> names(String pattern, String file) throws IOException {
		return Pattern.compile(pattern)
			.matcher(Files.readString(MONITORING.resolve(file)))
			.results()
			.map((name) -> name.group(1))
			.collect(Collectors.toSet());
	}

	private static String scrape(List<MeterBinder> metrics) {
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		metrics.forEach((each) -> each.bindTo(registry));
		return registry.scrape();
	}

	private static void promtool(String... arguments) throws Exception {
		Process process;
		try {
			process = new ProcessBuilder(Stream.concat(Stream.of("promtool"), Stream.of(arguments)).toList())
				.directory(MONITORING.toFile())
				.redirectErrorStream(true)
				.start();
		}
		catch (IOException ex) {
			assumeTrue(false, "promtool is not installed (Debian package prometheus), so the alerts are not tested");
			return;
		}
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
	}

}
