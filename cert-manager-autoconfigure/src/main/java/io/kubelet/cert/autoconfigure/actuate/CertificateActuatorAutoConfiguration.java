package io.kubelet.cert.autoconfigure.actuate;

import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.actuate.BoundMeters;
import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.actuate.PeersDescriptor;
import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.KubernetesConnection;
import io.kubelet.cert.autoconfigure.kubelet.KubeletMetrics;
import io.kubelet.cert.autoconfigure.kubelet.Profile;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.ssl.TrustedAuthorities;
import io.kubelet.cert.export.Exports;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointAccessResolver;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;

/**
 * Auto-configuration of what operators see.
 */
@AutoConfiguration(after = CertificateManagerAutoConfiguration.class)
@ConditionalOnBean(CertificateManagers.class)
public final class CertificateActuatorAutoConfiguration {

	private static @Nullable String exportProblem(String certificate, ObjectProvider<Exports> exports) {
		Exports all = exports.getIfAvailable();
		return (all != null) ? all.problem(certificate) : null;
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
	@ImportRuntimeHints(CertificatesPage.Hints.class)
	// No operation of the endpoint itself returns them
	@RegisterReflectionForBinding(PeersDescriptor.class)
	static class EndpointConfiguration {

		@Bean
		@ConditionalOnMissingBean
		@ConditionalOnAvailableEndpoint(CertificatesEndpoint.class)
		CertificatesEndpoint certificatesEndpoint(CertificateManagers managers,
				ObjectProvider<CertificateSettingsList> settings, ObjectProvider<SslBundles> bundles,
				ObjectProvider<TrustedAuthorities> trusted, ObjectProvider<Exports> exports) {
			return new CertificatesEndpoint(managers,
					(name) -> bundle(name, settings, bundles).map(LiveSslBundle::seenPeers).orElse(List.of()),
					(name) -> trusted.stream()
						.flatMap((authorities) -> Stream.ofNullable(authorities.find(name)))
						.findFirst()
						.orElse(null),
					(name) -> exportProblem(name, exports));
		}

		@Bean
		@ConditionalOnMissingBean
		@ConditionalOnBean(CertificatesEndpoint.class)
		@ConditionalOnAvailableEndpoint(endpoint = CertificatesEndpoint.class, exposure = EndpointExposure.WEB)
		CertificatesEndpointWebExtension certificatesEndpointWebExtension(CertificatesEndpoint endpoint,
				ObjectProvider<EndpointAccessResolver> access) {
			return new CertificatesEndpointWebExtension(endpoint,
					new CertificatesPage(access.stream()
						.anyMatch((resolver) -> resolver.accessFor(EndpointId.of("certificates"),
								Access.READ_ONLY) == Access.UNRESTRICTED),
							Clock.systemUTC()));
		}

		@Bean
		@ConditionalOnMissingBean
		@ConditionalOnBean(CertificatesEndpoint.class)
		@ConditionalOnAvailableEndpoint(endpoint = CertificatesEndpoint.class, exposure = EndpointExposure.JMX)
		CertificatesEndpointJmxExtension certificatesEndpointJmxExtension(CertificatesEndpoint endpoint) {
			return new CertificatesEndpointJmxExtension(endpoint);
		}

	}

	private static Optional<LiveSslBundle> bundle(String certificate, ObjectProvider<CertificateSettingsList> settings,
			ObjectProvider<SslBundles> bundles) {
		String bundle = settings.stream()
			.flatMap((all) -> all.find(certificate).stream())
			.map((found) -> found.ssl().bundle())
			.findFirst()
			.orElse(certificate);
		return bundles.stream().flatMap((all) -> Stream.ofNullable(find(all, bundle))).findFirst();
	}

	/** All names would be copied and sorted, to know whether it is among them. */
	private static @Nullable LiveSslBundle find(SslBundles bundles, String bundle) {
		try {
			return LiveSslBundle.of(bundles.getBundle(bundle));
		}
		catch (NoSuchSslBundleException ex) {
			return null;
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ConditionalOnEnabledHealthIndicator.class)
	@EnableConfigurationProperties(CertificateHealthProperties.class)
	static class HealthConfiguration {

		@Bean
		@ConditionalOnMissingBean(name = "certificatesHealthContributor")
		@ConditionalOnEnabledHealthIndicator("certificates")
		HealthContributor certificatesHealthContributor(CertificateManagers managers,
				CertificateHealthProperties properties, ObjectProvider<KubernetesConnection> connection,
				ObjectProvider<Exports> exports) {
			Map<String, CertificateHealthIndicator> indicators = new LinkedHashMap<>();
			managers.forEach((manager) -> indicators.put(manager.name(),
					new CertificateHealthIndicator(manager, properties.overdueStatus().status(),
							() -> connection.stream()
								.map((cluster) -> cluster.copyProblem(manager.name()))
								.filter(Objects::nonNull)
								.findFirst()
								.orElseGet(() -> exportProblem(manager.name(), exports)),
							Clock.systemUTC())));
			return CompositeHealthContributor.fromMap(indicators);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ MeterRegistry.class, MetricsAutoConfiguration.class })
	static class MetricsConfiguration {

		@Bean
		CertificateMetrics certificateMetrics(CertificateManagers managers,
				ObjectProvider<CertificateSettingsList> settings, ObjectProvider<SslBundles> bundles) {
			return new CertificateMetrics(managers,
					(name) -> bundle(name, settings, bundles).orElseThrow().identity().trust(), Clock.systemUTC());
		}

		@Bean
		PeerMetrics certificatePeerMetrics(CertificateManagers managers,
				ObjectProvider<CertificateSettingsList> settings, ObjectProvider<SslBundles> bundles) {
			return new PeerMetrics(managers, (name) -> bundle(name, settings, bundles));
		}

		@Bean
		ExportMetrics certificateExportMetrics(ObjectProvider<Exports> exports) {
			return new ExportMetrics(exports.getIfAvailable(() -> new Exports(Map.of())), Clock.systemUTC(),
					new BoundMeters());
		}

		@Bean
		KubeletMetrics kubeletMetrics(CertificateManagers managers, ObjectProvider<CertificateSettingsList> settings) {
			Map<String, Boolean> serving = settings.stream()
				.flatMap((all) -> all.certificates().stream())
				.filter((certificate) -> certificate.profile() != null)
				.collect(Collectors.toMap(CertificateSettings::name,
						(certificate) -> certificate.profile() == Profile.KUBELET_SERVING));
			return new KubeletMetrics(managers, serving, Clock.systemUTC());
		}

	}

}
