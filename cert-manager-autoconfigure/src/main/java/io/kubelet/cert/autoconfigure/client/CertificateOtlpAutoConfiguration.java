package io.kubelet.cert.autoconfigure.client;

import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import io.micrometer.registry.otlp.OtlpMetricsSender;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.otlp.OtlpMetricsExportAutoConfiguration;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration of Spring Boot's exporters of traces, logs and metrics by OTLP, if
 * their properties name the bundle of a certificate. Their beans become those of an
 * interface.
 */
@AutoConfiguration(after = CertificateSslAutoConfiguration.class)
@ConditionalOnBean({ CertificateManagers.class, SslBundles.class })
@ConditionalOnBooleanProperty(name = "kubelet.cert.drain.otlp", matchIfMissing = true)
public final class CertificateOtlpAutoConfiguration {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ OtlpHttpSpanExporter.class, LogRecordExporter.class })
	static class Exporters {

		@Bean
		static LiveExporters certificateExporters(Environment environment, ObjectProvider<SslBundles> bundles) {
			return new LiveExporters(environment, bundles);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ OtlpMetricsSender.class, OtlpMetricsExportAutoConfiguration.class })
	static class Metrics {

		@Bean
		static BeanDefinitionRegistryPostProcessor certificateMetricsSenders() {
			return LiveMetricsSender::define;
		}

		@Bean
		static LiveMetricsSender certificateMetricsSender(BeanFactory beans, Environment environment,
				ObjectProvider<SslBundles> bundles) {
			return new LiveMetricsSender(beans, environment, bundles);
		}

	}

}
