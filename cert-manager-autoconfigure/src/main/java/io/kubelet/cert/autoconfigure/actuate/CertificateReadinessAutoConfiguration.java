package io.kubelet.cert.autoconfigure.actuate;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.application.ReadinessStateHealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the readiness of an application that starts before it has its
 * certificates ({@code startup.mode=background}): Spring Boot's readiness indicator
 * reports that traffic is refused until each of them has been valid once. Liveness is not
 * affected. A readiness indicator that the application defines is left alone.
 * <p>
 * Spring Boot's indicator is extended rather than the state published, because Spring
 * Boot itself publishes that traffic is accepted once the application has started, and
 * because the application may refuse traffic for reasons of its own.
 */
@AutoConfiguration(after = CertificateManagerAutoConfiguration.class)
@ConditionalOnClass(ReadinessStateHealthIndicator.class)
@ConditionalOnBean({ CertificateManagers.class, CertificateSettingsList.class })
public final class CertificateReadinessAutoConfiguration {

	@Bean
	static BeanPostProcessor certificateReadiness(ObjectProvider<CertificateManagers> managers,
			ObjectProvider<CertificateSettingsList> settings, ObjectProvider<ApplicationAvailability> availability) {
		return new BeanPostProcessor() {

			@Override
			public Object postProcessAfterInitialization(Object bean, String name) {
				// A subclass is an indicator that the application defines
				return (bean.getClass() == ReadinessStateHealthIndicator.class)
						? new Indicator(availability.getObject(), managers.getObject(), settings.getObject()) : bean;
			}

		};
	}

	private static final class Indicator extends ReadinessStateHealthIndicator {

		/** The certificates that have not been valid yet. */
		private final List<CertificateManager> awaited;

		Indicator(ApplicationAvailability availability, CertificateManagers managers,
				CertificateSettingsList settings) {
			super(availability);
			this.awaited = new CopyOnWriteArrayList<>(managers.stream()
				.filter((manager) -> settings.find(manager.name())
					.filter((certificate) -> !certificate.startup().waits())
					.isPresent())
				.toList());
		}

		@Override
		protected AvailabilityState getState(ApplicationAvailability availability) {
			this.awaited.removeIf((manager) -> manager.current().isPresent());
			return this.awaited.isEmpty() ? super.getState(availability) : ReadinessState.REFUSING_TRAFFIC;
		}

	}

}
