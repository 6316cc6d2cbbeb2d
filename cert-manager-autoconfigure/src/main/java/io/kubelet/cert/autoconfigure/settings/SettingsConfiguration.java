package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * Binds the properties and resolves them into settings.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(CertManagerProperties.class)
public class SettingsConfiguration {

	@Bean
	CertificateSettingsList certificateSettings(CertManagerProperties properties, Environment environment) {
		return resolve(properties, Binder.get(environment));
	}

	@Bean
	ConnectionSettings certificateConnectionSettings(CertManagerProperties properties) {
		CertManagerProperties.Kubernetes kubernetes = properties.getKubernetes();
		return new ConnectionSettings(kubernetes.getKubeconfig(), kubernetes.getBootstrapKubeconfig(),
				kubernetes.getContext());
	}

	/**
	 * Returns the names of the SSL bundles that are configured, for a report of one that
	 * is not.
	 * @param environment the environment
	 * @return the names, empty if none are configured or their settings are not valid
	 */
	public static Set<String> bundleNames(Environment environment) {
		Binder binder = Binder.get(environment);
		try {
			return binder.bind(CertManagerProperties.PREFIX, CertManagerProperties.class)
				.map((properties) -> properties.isEnabled() ? resolve(properties, binder).certificates()
						: List.<CertificateSettings>of())
				.orElseGet(List::of)
				.stream()
				.map((certificate) -> certificate.ssl().bundle())
				.collect(Collectors.toSet());
		}
		catch (RuntimeException ex) {
			return Set.of();
		}
	}

	private static CertificateSettingsList resolve(CertManagerProperties properties, Binder binder) {
		List<CertificateSettings> certificates = new ArrayList<>();
		SettingsResolver first = new SettingsResolver(new PropertyNames(CertManagerProperties.PREFIX, Set.of()),
				properties);
		certificates.add(first.resolve(Profile.KUBELET_CLIENT.pairName()));
		boolean anyProfile = first.hasProfile();
		for (var entry : AdditionalCertificates.bind(binder).entrySet()) {
			PropertyNames names = new PropertyNames(CertManagerProperties.PREFIX + ".additional." + entry.getKey(),
					entry.getValue().inherited());
			SettingsResolver additional = new SettingsResolver(names, entry.getValue().properties());
			additional.requireUseOfConfigFile(additional.hasProfile());
			certificates.add(additional.resolve(entry.getKey()));
			anyProfile |= additional.hasProfile();
		}
		first.requireUseOfConfigFile(anyProfile);
		return new CertificateSettingsList(certificates);
	}

}
