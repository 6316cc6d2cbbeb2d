package io.kubelet.cert.autoconfigure.settings;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;

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
	 * if two certificates have the same name or the same Secret
	 */
	public CertificateSettingsList {
		certificates = List.copyOf(certificates);
		Map<String, CertificateSettings> seen = new HashMap<>();
		Map<String, CertificateSettings> secrets = new HashMap<>();
		for (CertificateSettings certificate : certificates) {
			CertificateSettings other = seen.putIfAbsent(certificate.name(), certificate);
			if (other != null) {
				throw certificate.properties()
					.invalid("pair-name", certificate.name(),
							"The certificate at '%s' already has this name: give each certificate its own name"
								.formatted(other.properties().prefix()));
			}
			SharedSecret secret = certificate.storage().secret();
			CertificateSettings owner = (secret != null) ? secrets.putIfAbsent(secret.toString(), certificate) : null;
			if (owner != null) {
				throw certificate.properties()
					.invalid("store.secret", secret,
							"The certificate at '%s' is already stored there: give each certificate its own Secret"
								.formatted(owner.properties().prefix()));
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
