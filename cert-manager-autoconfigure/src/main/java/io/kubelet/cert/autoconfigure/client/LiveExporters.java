package io.kubelet.cert.autoconfigure.client;

import java.util.function.Supplier;

import io.kubelet.cert.ssl.LiveSslBundle;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.trace.export.SpanExporter;

import org.springframework.aop.TargetSource;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Lets exporters of traces and logs be built again for each identity of the bundle that
 * their properties name. An exporter keeps its connection while there is something to
 * export.
 */
final class LiveExporters implements BeanPostProcessor {

	private final Environment environment;

	private final ObjectProvider<SslBundles> bundles;

	LiveExporters(Environment environment, ObjectProvider<SslBundles> bundles) {
		this.environment = environment;
		this.bundles = bundles;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof OtlpHttpSpanExporter spans) {
			return live("tracing", SpanExporter.class, spans, () -> spans.toBuilder().build());
		}
		if (bean instanceof OtlpGrpcSpanExporter spans) {
			return live("tracing", SpanExporter.class, spans, () -> spans.toBuilder().build());
		}
		if (bean instanceof OtlpHttpLogRecordExporter records) {
			return live("logging", LogRecordExporter.class, records, () -> records.toBuilder().build());
		}
		if (bean instanceof OtlpGrpcLogRecordExporter records) {
			return live("logging", LogRecordExporter.class, records, () -> records.toBuilder().build());
		}
		return bean;
	}

	private <E> E live(String signal, Class<E> type, E exporter, Supplier<E> builder) {
		String bundleName = this.environment
			.getProperty("management.opentelemetry." + signal + ".export.otlp.ssl.bundle");
		LiveSslBundle bundle = StringUtils.hasText(bundleName)
				? LiveSslBundle.of(this.bundles.getObject().getBundle(bundleName)) : null;
		return (bundle != null) ? type.cast(
				ProxyFactory.getProxy(type, new Current(type, new LiveClient<>(bundle, (resources) -> builder.get()))))
				: exporter;
	}

	/** The exporter of the current identity. */
	private record Current(Class<?> type, LiveClient<?> exporter) implements TargetSource {

		@Override
		public Class<?> getTargetClass() {
			return this.type;
		}

		@Override
		public Object getTarget() {
			return this.exporter.get();
		}

	}

}
