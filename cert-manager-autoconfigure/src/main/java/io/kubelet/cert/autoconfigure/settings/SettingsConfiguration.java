package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.settings.PropertiesBinder.Bound;

import org.springframework.boot.context.properties.bind.BindableRuntimeHintsRegistrar;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.env.Environment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Binds the properties and resolves them into settings.
 */
@Configuration(proxyBeanMethods = false)
@ImportRuntimeHints(SettingsConfiguration.PropertiesHints.class)
public class SettingsConfiguration {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(PropertyNames.PREFIX);

	/** KUBELET_CERT_SERVICE_HOST, KUBELET_CERT_PORT and others. */
	private static final Set<String> OF_A_SERVICE = Set.of("service", "port");

	@Bean
	Bound boundCertificateProperties(Environment environment) {
		return PropertiesBinder.bind(environment);
	}

	/** A bean for the {@code configprops} endpoint only. */
	@Bean
	ApplicationProperties certificateApplicationProperties(Bound bound) {
		return bound.application();
	}

	/** A bean for the {@code configprops} endpoint only. */
	@Bean
	CertificateProperties kubeletCertProperties(Bound bound) {
		return bound.first();
	}

	@Bean
	CertificateSettingsList kubeletCertSettings(Bound bound) {
		bound.unknown().report(bound.application().ignoreUnknownProperties());
		return resolve(bound);
	}

	/**
	 * Returns whether any property is set, other than by Kubernetes for a Service whose
	 * name begins with {@code kubelet-cert}.
	 * @param environment the environment
	 * @return whether there is one, even if it does not exist
	 */
	public static boolean isAnyPropertySet(Environment environment) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			boolean set = (source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource
					&& source instanceof IterableConfigurationPropertySource variables)
							? variables.stream().anyMatch((name) -> PREFIX.isAncestorOf(name) && !isOfAService(name))
							: source.containsDescendantOf(PREFIX) == ConfigurationPropertyState.PRESENT;
			if (set) {
				return true;
			}
		}
		return false;
	}

	/** An additional certificate may have such a name. */
	private static boolean isOfAService(ConfigurationPropertyName variable) {
		return !variable.getElement(2, Form.UNIFORM).equals("additional")
				&& IntStream.range(2, variable.getNumberOfElements())
					.mapToObj((index) -> variable.getElement(index, Form.UNIFORM))
					.anyMatch(OF_A_SERVICE::contains);
	}

	/**
	 * Returns the SSL bundles that the properties define and use, for a report of one
	 * that does not exist.
	 * @param environment the environment
	 * @return the bundles, without those of certificates whose settings are not valid
	 */
	static BundleProperties bundles(Environment environment) {
		List<CertificateSettings> certificates = List.of();
		try {
			if (isAnyPropertySet(environment)) {
				certificates = resolve(PropertiesBinder.bind(environment)).certificates();
			}
		}
		catch (RuntimeException ex) {
			// Reported where the settings are used
		}
		return BundleProperties.of(certificates, environment);
	}

	private static CertificateSettingsList resolve(Bound bound) {
		Map<String, CertificateProperties> additional = bound.application().additional();
		boolean kubelet = Stream.concat(Stream.of(bound.first()), additional.values().stream())
			.anyMatch((properties) -> properties.profile() != null);
		List<CertificateSettings> certificates = new ArrayList<>();
		certificates.add(new SettingsResolver(new PropertyNames(PropertyNames.PREFIX, Set.of()), bound.first(),
				Profile.KUBELET_CLIENT.pairName(), kubelet)
			.resolve());
		additional.forEach((name, properties) -> {
			PropertyNames names = bound.names().get(name);
			if (names != null) {
				certificates.add(new SettingsResolver(names, properties, name, kubelet).resolve());
			}
		});
		return new CertificateSettingsList(certificates, bound.application().kubernetes());
	}

	/** Spring Boot does this for what it binds itself. */
	static final class PropertiesHints extends BindableRuntimeHintsRegistrar {

		PropertiesHints() {
			super(ApplicationProperties.class, CertificateProperties.class);
		}

	}

}
