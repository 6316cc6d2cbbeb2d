package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.client.CertificateOtlpAutoConfiguration;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.registry.otlp.OtlpHttpMetricsSender;
import io.micrometer.registry.otlp.OtlpMetricsSender;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.opentelemetry.api.logs.LoggerProvider;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;

import org.springframework.boot.SpringBootVersion;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.otlp.OtlpMetricsExportAutoConfiguration;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration;
import org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration;
import org.springframework.boot.opentelemetry.autoconfigure.logging.OpenTelemetryLoggingAutoConfiguration;
import org.springframework.boot.opentelemetry.autoconfigure.logging.otlp.OtlpLoggingAutoConfiguration;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

/**
 * Exporters of Spring Boot whose certificate rotates.
 *
 * @see io.kubelet.cert.autoconfigure.client.LiveExporters
 * @see io.kubelet.cert.autoconfigure.client.LiveMetricsSender
 */
class OtlpExporterTests {

	private final RotatingApplication authority = new RotatingApplication();

	/** By what is exported, the serial numbers of those who did. */
	private final Map<String, Set<String>> exported = new ConcurrentHashMap<>();

	private final Set<Channel> connections = ConcurrentHashMap.newKeySet();

	private final DisposableServer collector = collector();

	@BeforeAll
	static void exportersHaveBundles() {
		assumeThat(SpringBootVersion.getVersion()).as("Spring Boot 4.1 has the properties").doesNotStartWith("4.0.");
	}

	@AfterEach
	void stop() {
		this.collector.disposeNow();
		this.authority.close();
	}

	private RotatingApplication application(String... properties) {
		String url = "https://localhost:" + this.collector.port();
		return new RotatingApplication(WebApplicationType.NONE, List.of(Exporters.class),
				Stream
					.concat(Stream.of("management.opentelemetry.tracing.export.otlp.ssl.bundle=client",
							"management.opentelemetry.tracing.export.otlp.endpoint=" + url + "/v1/traces",
							"management.opentelemetry.logging.export.otlp.ssl.bundle=client",
							"management.opentelemetry.logging.export.otlp.endpoint=" + url + "/v1/logs",
							"management.tracing.sampling.probability=1", "management.otlp.metrics.export.enabled=false",
							"management.otlp.metrics.export.ssl.bundle=client",
							"management.otlp.metrics.export.url=" + url + "/v1/metrics",
							"kubelet.cert.additional.client.ssl.drain=0s"), Stream.of(properties))
					.toArray(String[]::new));
	}

	@ParameterizedTest
	@ValueSource(strings = { "http", "grpc" })
	void exportAfterARotationPresentsTheNewCertificate(String transport) {
		try (RotatingApplication application = application(
				"management.opentelemetry.tracing.export.otlp.transport=" + transport,
				"management.opentelemetry.logging.export.otlp.transport=" + transport)) {
			for (int rotation = 0; rotation < 3; rotation++) {
				this.exported.clear();
				for (int export = 0; export < 2; export++) {
					span(application);
					logRecord(application);
				}
				assertThat(this.exported).hasSize(2)
					.allSatisfy((path, serials) -> assertThat(serials).as(path)
						.containsExactly(application.serial("client")));
				application.rotate("client");
			}
			await().until(() -> this.connections.stream().noneMatch(Channel::isActive));
		}
	}

	private static void span(RotatingApplication application) {
		SdkTracerProvider tracing = application.bean(SdkTracerProvider.class);
		tracing.get("test").spanBuilder("span").startSpan().end();
		assertThat(tracing.forceFlush().join(60, TimeUnit.SECONDS).isSuccess()).isTrue();
	}

	private static void logRecord(RotatingApplication application) {
		LoggerProvider logging = application.bean(LoggerProvider.class);
		logging.get("test").logRecordBuilder().setBody("record").emit();
		assertThat(((SdkLoggerProvider) logging).forceFlush().join(60, TimeUnit.SECONDS).isSuccess()).isTrue();
	}

	/** Exports so often that the JDK never closes a connection for being idle. */
	@Test
	void metricsAfterARotationPresentTheNewCertificate() {
		try (RotatingApplication application = application("management.otlp.metrics.export.enabled=true",
				"management.otlp.metrics.export.step=1s")) {
			application.bean(MeterRegistry.class).counter("test").increment();
			for (int rotation = 0; rotation < 3; rotation++) {
				await().until(() -> this.exported.getOrDefault("/v1/metrics", Set.of())
					.contains(application.serial("client")));
				application.rotate("client");
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "kubelet.cert.drain.otlp=false",
			"management.opentelemetry.tracing.export.otlp.ssl.bundle=,management.otlp.metrics.export.ssl.bundle=" })
	void exporterWithoutABundleOrADrainIsThatOfSpringBoot(String property) {
		String metrics = "management.otlp.metrics.export.enabled=true,management.otlp.metrics.export.step=1h,";
		try (RotatingApplication application = application((metrics + property).split(","))) {
			assertThat(application.bean(SpanExporter.class)).isInstanceOf(OtlpHttpSpanExporter.class);
			assertThat(application.bean(OtlpMetricsSender.class)).isInstanceOf(OtlpHttpMetricsSender.class);
		}
	}

	private DisposableServer collector() {
		SslStoreBundle stores = this.authority.bundle("server").getStores();
		SslBundle bundle = SslBundle
			.of(SslStoreBundle.of(stores.getKeyStore(), stores.getKeyStorePassword(), stores.getTrustStore()));
		GenericSslContextSpec<SslContextBuilder> tls = Http2SslContextSpec
			.forServer(bundle.getManagers().getKeyManagerFactory())
			.configure((builder) -> builder.clientAuth(ClientAuth.REQUIRE)
				.trustManager(bundle.getManagers().getTrustManagerFactory()));
		return HttpServer.create()
			.host("localhost")
			.protocol(HttpProtocol.H2, HttpProtocol.HTTP11)
			.secure((server) -> server.sslContext(tls))
			.handle(this::answer)
			.bindNow();
	}

	/** Accepts whatever is exported, by HTTP or by gRPC. */
	private Mono<Void> answer(HttpServerRequest request, HttpServerResponse response) {
		request.withConnection((connection) -> {
			Channel channel = (connection.channel().parent().parent() != null) ? connection.channel().parent()
					: connection.channel();
			this.connections.add(channel);
			this.exported.computeIfAbsent(request.fullPath(), (path) -> ConcurrentHashMap.newKeySet())
				.add(presented(channel));
		});
		return request.receive()
			.aggregate()
			.then(response.header("content-type", request.requestHeaders().get("content-type"))
				.header("grpc-status", "0")
				.send()
				.then());
	}

	private static String presented(Channel channel) {
		try {
			return RotatingApplication.serial((X509Certificate) channel.pipeline()
				.get(SslHandler.class)
				.engine()
				.getSession()
				.getPeerCertificates()[0]);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateOtlpAutoConfiguration.class, OpenTelemetrySdkAutoConfiguration.class,
			OpenTelemetryTracingAutoConfiguration.class, OtlpTracingAutoConfiguration.class,
			OpenTelemetryLoggingAutoConfiguration.class, OtlpLoggingAutoConfiguration.class,
			MetricsAutoConfiguration.class, OtlpMetricsExportAutoConfiguration.class })
	static class Exporters {

	}

}
