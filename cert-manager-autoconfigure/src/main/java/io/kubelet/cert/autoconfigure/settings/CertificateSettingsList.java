package io.kubelet.cert.autoconfigure.settings;

import java.util.List;
import java.util.Optional;

import org.springframework.core.env.Environment;

/**
 * The settings of all certificates, the first one first.
 *
 * @param certificates the settings
 * @param kubernetes how the API server is reached
 */
public record CertificateSettingsList(List<CertificateSettings> certificates, KubernetesProperties kubernetes) {

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
	 * Returns the property by which a server uses an SSL bundle.
	 * @param bundle the name of the bundle
	 * @param environment the environment
	 * @param web whether the application has a web server, whose properties may be set
	 * for other applications otherwise
	 * @return the property, empty if there is none
	 */
	public Optional<String> serverOf(String bundle, Environment environment, boolean web) {
		boolean management = !"-1".equals(environment.getProperty("management.server.port"));
		return BundleProperties.of(this.certificates, environment).serverOf(bundle, (prefix) -> switch (prefix) {
			case "server." -> web;
			case "management.server." -> web && management;
			default -> true;
		});
	}

}
