package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * Binds the properties and resolves them into settings.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({ CertificateProperties.class, KubernetesProperties.class })
public class SettingsConfiguration {

	@Bean
	CertificateSettingsList certificateSettings(Environment environment) {
		return resolve(environment);
	}

	/**
	 * Returns whether any property is set.
	 * @param environment the environment
	 * @return whether there is one, even if it is not known
	 */
	public static boolean isAnyPropertySet(Environment environment) {
		ConfigurationPropertyName prefix = ConfigurationPropertyName.of(PropertyNames.PREFIX);
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source.containsDescendantOf(prefix) == ConfigurationPropertyState.PRESENT) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Returns the names of the SSL bundles that are configured, for a report of one that
	 * is not.
	 * @param environment the environment
	 * @return the names, empty if none are configured or their settings are not valid
	 */
	public static Set<String> bundleNames(Environment environment) {
		try {
			return (isAnyPropertySet(environment) ? resolve(environment).certificates()
					: List.<CertificateSettings>of())
				.stream()
				.map((certificate) -> certificate.ssl().bundle())
				.collect(Collectors.toSet());
		}
		catch (RuntimeException ex) {
			return Set.of();
		}
	}

	private static CertificateSettingsList resolve(Environment environment) {
		SettingsResolver first = new SettingsResolver(new PropertyNames(PropertyNames.PREFIX, Set.of()),
				Binder.get(environment).bindOrCreate(PropertyNames.PREFIX, CertificateProperties.class));
		List<CertificateSettings> certificates = new ArrayList<>();
		certificates.add(first.resolve(Profile.KUBELET_CLIENT.pairName()));
		boolean anyProfile = first.hasProfile();
		for (var entry : AdditionalCertificates.bind(environment).entrySet()) {
			SettingsResolver additional = entry.getValue();
			additional.requireUseOfConfigFile(additional.hasProfile());
			certificates.add(additional.resolve(entry.getKey()));
			anyProfile |= additional.hasProfile();
		}
		first.requireUseOfConfigFile(anyProfile);
		return new CertificateSettingsList(certificates);
	}

}
