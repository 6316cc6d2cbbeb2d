package io.kubelet.cert.autoconfigure.settings;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.springframework.core.env.Environment;

/**
 * The settings of all certificates, the first one first.
 *
 * @param certificates the settings
 * @param kubernetes how the API server is reached
 * @param servers the properties by which servers use SSL bundles, by the names of these
 */
public record CertificateSettingsList(List<CertificateSettings> certificates, KubernetesProperties kubernetes,
		Map<String, List<String>> servers) {

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

	/**
	 * Returns the property by which a server uses the SSL bundle of a certificate.
	 * @param certificate the settings of the certificate
	 * @return the property, empty if there is none
	 */
	public Optional<String> serverOf(CertificateSettings certificate) {
		return serversOf(certificate).stream().findFirst();
	}

	/**
	 * Returns the properties by which servers use the SSL bundle of a certificate.
	 * @param certificate the settings of the certificate
	 * @return the properties
	 */
	public List<String> serversOf(CertificateSettings certificate) {
		return this.servers.getOrDefault(certificate.ssl().bundle(), List.of());
	}

}
