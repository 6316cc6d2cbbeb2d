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
import java.util.stream.Stream;

import io.kubelet.cert.actuate.CertificateMetrics;
import io.kubelet.cert.test.spring.EnableEmbeddedControlPlane;
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
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = "management.endpoint.certificates.access=unrestricted")
@EnableEmbeddedControlPlane
class MonitoringTests {

	private static final Path MONITORING = Path.of("..", "docs", "monitoring");

	private static final Pattern METRIC = Pattern.compile("kubelet_cert_\\w+");

	@ParameterizedTest
	@ValueSource(strings = { "rules.yaml", "rules.test.yaml", "dashboard.json" })
	void metricsExistInAScrape(String file, @Autowired CertificateMetrics metrics) throws IOException {
		Set<String> used = METRIC.matcher(Files.readString(MONITORING.resolve(file)))
			.results()
			.map((metric) -> metric.group())
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(used).isNotEmpty();
		assertThat(scrape(metrics).lines().map((line) -> line.split("[{ ]")[0]).collect(Collectors.toSet()))
			.containsAll(used);
	}

	/** As rules, in which the variables of the dashboard have a value. */
	@Test
	void expressionsOfTheDashboardAreValid(@TempDir Path directory) throws Exception {
		List<Map<String, String>> rules = JsonMapper.shared()
			.readTree(Files.readString(MONITORING.resolve("dashboard.json")))
			.findValuesAsString("expr")
			.stream()
			.map((expression) -> Map.of("record", "panel", "expr", expression.replace("$certificate", ".*")))
			.toList();
		assertThat(rules).isNotEmpty();
		Path file = directory.resolve("rules.json");
		Files.writeString(file, JsonMapper.shared()
			.writeValueAsString(Map.of("groups", List.of(Map.of("name", "dashboard", "rules", rules)))));
		promtool("check", "rules", "--lint=none", file.toString());
	}

	@Test
	void alertsAreValidAndFireWhenTheyShould() throws Exception {
		promtool("check", "rules", "rules.yaml");
		promtool("test", "rules", "rules.test.yaml");
	}

	@Test
	void everyAlertIsTested() throws IOException {
		assertThat(names("alertname: (\\w+)\\s+exp_alerts", "rules.test.yaml")).hasSize(7)
			.isEqualTo(names("alert: (\\w+)", "rules.yaml"));
	}

	private static Set<String> names(String pattern, String file) throws IOException {
		return Pattern.compile(pattern)
			.matcher(Files.readString(MONITORING.resolve(file)))
			.results()
			.map((name) -> name.group(1))
			.collect(Collectors.toSet());
	}

	private static String scrape(CertificateMetrics metrics) {
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		metrics.bindTo(registry);
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
