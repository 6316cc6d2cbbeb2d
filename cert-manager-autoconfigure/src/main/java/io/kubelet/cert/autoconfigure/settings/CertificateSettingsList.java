package io.kubelet.cert.autoconfigure.settings;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import org.springframework.core.env.Environment;

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
		requireDistinct(certificates, "pair-name", CertificateSettings::name,
				"The certificate at '%s' already has this name: give each certificate its own name");
		requireDistinct(certificates, "store.secret", (certificate) -> certificate.storage().secret(),
				"The certificate at '%s' is already stored there: give each certificate its own Secret");
	}

	private static void requireDistinct(List<CertificateSettings> certificates, String property,
			Function<CertificateSettings, @Nullable Object> value, String otherwise) {
		Map<String, CertificateSettings> seen = new HashMap<>();
		for (CertificateSettings certificate : certificates) {
			Object key = value.apply(certificate);
			CertificateSettings other = (key != null) ? seen.putIfAbsent(key.toString(), certificate) : null;
			if (other != null) {
				throw certificate.properties().invalid(property, key, otherwise, other.properties().prefix());
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

	/**
	 * Requires that each SSL bundle that a property uses is one of a certificate, or is
	 * defined by another property.
	 * @param environment the environment
	 * @throws org.springframework.boot.ssl.NoSuchSslBundleException if one is not
	 */
	public void requireBundles(Environment environment) {
		BundleProperties.of(this.certificates, environment).requireUsed();
	}

}
