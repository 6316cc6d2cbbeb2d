package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

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
		List<CertificateSettings> certificates = new ArrayList<>();
		SettingsResolver first = new SettingsResolver(new PropertyNames(CertManagerProperties.PREFIX, Set.of()),
				properties);
		certificates.add(first.resolve(Profile.KUBELET_CLIENT.pairName()));
		boolean anyProfile = first.hasProfile();
		for (var entry : AdditionalCertificates.bind(Binder.get(environment)).entrySet()) {
			SettingsResolver additional = new SettingsResolver(
					new PropertyNames(CertManagerProperties.PREFIX + ".additional." + entry.getKey(),
							entry.getValue().inherited()),
					entry.getValue().properties());
			additional.requireUseOfConfigFile(additional.hasProfile());
			certificates.add(additional.resolve(entry.getKey()));
			anyProfile |= additional.hasProfile();
		}
		first.requireUseOfConfigFile(anyProfile);
		return new CertificateSettingsList(certificates);
	}

	@Bean
	ConnectionSettings certificateConnectionSettings(CertManagerProperties properties) {
		CertManagerProperties.Kubernetes kubernetes = properties.getKubernetes();
		return new ConnectionSettings(kubernetes.getKubeconfig(), kubernetes.getBootstrapKubeconfig(),
				kubernetes.getContext());
	}

}
