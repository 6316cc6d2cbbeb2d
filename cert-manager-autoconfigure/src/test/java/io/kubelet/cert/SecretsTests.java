package io.kubelet.cert;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.stream.Stream;

import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.autoconfigure.actuate.Reports;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.event.CertificateEvent;
import io.kubelet.cert.event.CertificateRotationFailedEvent;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.LogFormat;
import io.kubelet.cert.testsupport.RisingTimeout;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jmx.JmxEndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.jmx.JmxAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.util.function.ThrowingFunction;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A secret that an application is given, in whichever file and however damaged, is in
 * nothing that leaves it: not in the log, the endpoint with its history, over JMX either,
 * health, an event, the report of a start that failed, a text of an exception or what
 * Prometheus reads.
 *
 * @see io.kubelet.cert.certificate.ExternalText
 */
@ExtendWith(OutputCaptureExtension.class)
@DisabledOnOs(OS.WINDOWS)
class SecretsTests {

	private static final String SECRET = "eyJzM2NyM3QtbWFya2Vy.s3cr3t-marker";

	private static final String DAMAGED_KEY_DATA = Base64.getEncoder()
		.encodeToString(("-----BEGIN EC PRIVATE KEY-----\n" + SECRET + "\n-----END EC PRIVATE KEY-----\n").getBytes());

	private static final CertificatePair PAIR = new TestAuthority("test").pair(
			CertificateTemplate.ofSubject("system:node:n1", "system:nodes"), Instant.now(),
			Instant.now().plusSeconds(3600));

	/** The certificate is whole; the end of the key has gone. */
	private static final String DAMAGED_PAIR = withoutEndOfKey(Pem.write(PAIR));

	private static final List<String> SECRETS = Stream.concat(Stream.of(SECRET, DAMAGED_KEY_DATA),
			DAMAGED_PAIR.substring(DAMAGED_PAIR.indexOf("PRIVATE KEY")).lines().filter((line) -> line.length() > 30))
		.toList();

	@AutoClose
	private static final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	@TempDir
	Path directory;

	/** Spring Boot leaves it to the next application in this process. */
	@AfterEach
	void restoreTheFormatOfTheLog() {
		LogFormat.restore();
	}

	/** One of each kind: the failures are those of an application that runs. */
	@ParameterizedTest
	@EnumSource(names = { "PLUG_IN_COMPLAINS_AND_FAILS", "TOKEN_THAT_THE_SERVER_DOES_NOT_KNOW", "DAMAGED_YAML",
			"DAMAGED_KEY_IN_THE_STORE", "DAMAGED_KEY_IN_A_FILE" })
	void startThatWaitsTellsNoSecret(Input input, CapturedOutput output) {
		RisingTimeout.from(Duration.ofSeconds(1), (timeout) -> {
			String told = run(input, "kubelet.cert.startup.mode=wait", "kubelet.cert.startup.timeout=" + timeout);
			assertThat(told + output.getAll()).doesNotContain(SECRETS).contains(input.problem);
		});
	}

	@ParameterizedTest
	@EnumSource
	void applicationThatRunsTellsNoSecret(Input input, CapturedOutput output) throws Exception {
		String told = run(input, "kubelet.cert.startup.mode=background", "logging.structured.format.console=ecs");
		assertThat(told + output.getAll()).doesNotContain(SECRETS).contains(input.problem);
	}

	private String run(Input input, String... properties) throws Exception {
		StringWriter told = new StringWriter();
		PrintWriter writer = new PrintWriter(told, true);
		Stream<String> all = Stream.of(Stream.of("kubelet.cert.cert-dir=" + this.directory,
				"kubelet.cert.signer-name=kubernetes.io/kube-apiserver-client-kubelet",
				"kubelet.cert.template.common-name=system:node:n1", "kubelet.cert.template.organizations=system:nodes",
				"management.endpoints.web.exposure.include=certificates", "spring.jmx.enabled=true",
				"management.endpoints.jmx.exposure.include=certificates"), input.preparation.apply(this).stream(),
				Arrays.stream(properties))
			.flatMap((some) -> some);
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.NONE)
			.run(all.map("--"::concat).toArray(String[]::new))) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			Awaitility.await().until(() -> manager.current().isPresent() || manager.status().lastFailure() != null);
			tell(context, writer);
		}
		catch (RuntimeException ex) {
			ex.printStackTrace(writer);
		}
		return told.toString();
	}

	/** All that an application tells of itself, but for its log. */
	private static void tell(ConfigurableApplicationContext context, PrintWriter writer) throws JMException {
		writer.println(
				JsonMapper.shared().writeValueAsString(context.getBean(CertificatesEndpoint.class).certificates()));
		CertificateManager manager = context.getBean(CertificateManager.class);
		Health health = Reports.health(manager, Clock.systemUTC());
		writer.println(JsonMapper.shared().writeValueAsString(health));
		manager.status().rotations().history().forEach(writer::println);
		writer.println(manager + " " + manager.status() + " " + manager.current());
		tell(manager.status().lastFailure(), writer);
		for (CertificateEvent event : context.getBean(Application.class).events) {
			writer.println(event);
			if (event instanceof CertificateRotationFailedEvent failed) {
				tell(failed.getFailure(), writer);
			}
		}
		String metrics = context.getBean(PrometheusMeterRegistry.class).scrape();
		assertThat(metrics).contains("kubelet_cert_failures_total");
		writer.println(metrics);
		writer.println(context.getBean(MBeanServer.class)
			.invoke(new ObjectName("org.springframework.boot:type=Endpoint,name=Certificates"), "certificates",
					new Object[0], new String[0]));
	}

	private static void tell(CertificateStatus.@Nullable Failure failure, PrintWriter writer) {
		if (failure != null) {
			writer.println(failure);
			failure.cause().printStackTrace(writer);
		}
	}

	private Path store(String name) throws IOException {
		return Files.writeString(this.directory.resolve(name), DAMAGED_PAIR);
	}

	private static String withoutEndOfKey(String pem) {
		int end = pem.lastIndexOf("-----END");
		return pem.substring(0, end - 30) + "\n" + pem.substring(end);
	}

	private static String credential(String status) {
		return "echo '{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\", \"status\": {"
				+ status + "}}'";
	}

	private static Preparation plugIn(String script) {
		return (test) -> {
			Path plugIn = Files.writeString(test.directory.resolve("plug-in"),
					"#!/bin/sh\n" + script.replace("\\n", "\\\\n").formatted(SECRET) + "\n");
			Files.setPosixFilePermissions(plugIn, PosixFilePermissions.fromString("rwx------"));
			return test.writeUser("{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plug-in}}");
		};
	}

	private static Preparation user(String user) {
		return (test) -> {
			Files.writeString(test.directory.resolve("secret"), SECRET + "\n" + SECRET);
			return test.writeUser(user.contains("%") ? user.formatted(SECRET) : user);
		};
	}

	private List<String> writeUser(String user) throws IOException {
		String kubeconfig = controlPlane.kubeconfig(Credential.token("one", "TOKEN"));
		Path file = Files.writeString(this.directory.resolve("with-secret"),
				kubeconfig.replaceFirst("user:\\s+token: TOKEN", "user: " + Matcher.quoteReplacement(user)));
		assertThat(file).content().contains(user);
		return List.of("kubelet.cert.kubernetes.kubeconfig=" + file);
	}

	/** Writes the files, and returns the properties that name them. */
	private interface Preparation extends ThrowingFunction<SecretsTests, List<String>> {

	}

	enum Input {

		PLUG_IN_PRINTS_A_TOKEN_ONLY(
				"did not print an ExecCredential. Set its arguments so that it prints one of apiVersion "
						+ "client.authentication.k8s.io/v1: a token alone is not enough",
				plugIn("echo " + SECRET)),
		PLUG_IN_PRINTS_NO_TOKEN("without a token and without a client certificate",
				plugIn(credential("\"clientCertificateData\": \"%s\""))),
		PLUG_IN_PRINTS_A_TOKEN_THAT_NO_HEADER_CAN_CARRY("or one that cannot be sent",
				plugIn(credential("\"token\": \"one\\n%s\""))),
		PLUG_IN_PRINTS_NO_KEY("do not belong together",
				plugIn(credential("\"clientCertificateData\": \"%1$s\", \"clientKeyData\": \"%1$s\""))),
		PLUG_IN_PRINTS_NO_TIME("whose expirationTimestamp is not a time",
				plugIn(credential("\"token\": \"one\", \"expirationTimestamp\": \"%s\""))),
		PLUG_IN_COMPLAINS_AND_FAILS("failed with exit code 3", plugIn("echo %1$s >&2; echo %1$s; exit 3")),
		COMMAND_THAT_IS_NOT_THERE("cannot be started",
				user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: gone, args: [%1$s],"
						+ " env: [{name: TOKEN, value: %1$s}]}}")),
		TOKEN_THAT_IS_A_LIST("'token' is no text. Write one value in quotes", user("{token: [%s]}")),
		TOKEN_THAT_THE_SERVER_DOES_NOT_KNOW("401", user("{token: %s}")),
		TOKEN_THAT_NO_HEADER_CAN_CARRY("or one that cannot be sent", user("{token: \"one\\n%s\"}")),
		TOKEN_AS_THE_NAME_OF_ITS_FILE("names as tokenFile does not exist", user("{tokenFile: %s}")),
		TOKEN_FILE_WITH_TWO_LINES("or one that cannot be sent", user("{tokenFile: secret}")),
		KEY_THAT_IS_NO_BASE64("is not Base64", user("{client-certificate-data: '%1$s!', client-key-data: '%1$s!'}")),
		DAMAGED_KEY("client-certificate and client-key of the user",
				user("{client-certificate-data: %1$s, client-key-data: %1$s}".formatted(DAMAGED_KEY_DATA))),
		DAMAGED_YAML("not a mapping in YAML", user("{token: \"%s}")), DAMAGED_KEY_IN_THE_STORE("is damaged", (test) -> {
			test.store("kubelet-client-current.pem");
			return List.of("kubelet.cert.kubernetes.kubeconfig=" + controlPlane.writeKubeconfig(test.directory));
		}), DAMAGED_KEY_IN_A_FILE("is damaged", (test) -> {
			Path file = test.store("tls.pem");
			return List.of("kubelet.cert.tls-cert-file=" + file, "kubelet.cert.tls-private-key-file=" + file);
		});

		/** What is said of it. */
		private final String problem;

		private final Preparation preparation;

		Input(String problem, Preparation preparation) {
			this.problem = problem;
			this.preparation = preparation;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SslAutoConfiguration.class, CertificateManagerAutoConfiguration.class,
			CertificateSslAutoConfiguration.class, CertificateActuatorAutoConfiguration.class,
			MetricsAutoConfiguration.class, EndpointAutoConfiguration.class, JacksonEndpointAutoConfiguration.class,
			JmxAutoConfiguration.class, JmxEndpointAutoConfiguration.class })
	static class Application {

		final List<CertificateEvent> events = new CopyOnWriteArrayList<>();

		@EventListener
		void happened(CertificateEvent event) {
			this.events.add(event);
		}

		@Bean
		PrometheusMeterRegistry meterRegistry() {
			return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		}

	}

}
