package io.kubelet.cert.autoconfigure.settings;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of all certificates, the first one first.
 *
 * @param certificates the settings
 * @param kubernetes how the API server is reached
 */
public record CertificateSettingsList(List<CertificateSettings> certificates, KubernetesProperties kubernetes) {

	/**
	 * Creates a list.
	 * @throws org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException
	 * if two certificates have the same name
	 */
	public CertificateSettingsList {
		certificates = List.copyOf(certificates);
		Map<String, CertificateSettings> seen = new HashMap<>();
		for (CertificateSettings certificate : certificates) {
			CertificateSettings other = seen.putIfAbsent(certificate.name(), certificate);
			if (other != null) {
				throw certificate.properties()
					.invalid("pair-name", certificate.name(),
							"The certificate at '%s' already has this name: give each certificate its own name"
								.formatted(other.properties().prefix()));
			}
		}
	}

	/**
	 * Returns the settings of a certificate.
	 * @param name the certificate's name
	 * @return the settings, empty for a certificate that the application defines in code
	 */
	public Optional<CertificateSettings> find(String name) {
		return this.certificates.stream().filter((certificate) -> certificate.name().equals(name)).findFirst();
	}

}
