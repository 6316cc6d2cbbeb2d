package io.kubelet.cert.autoconfigure.settings;

import java.util.List;
import java.util.stream.Collectors;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.core.env.Environment;

/**
 * Reports an SSL bundle that does not exist, with the properties that name it and the
 * bundles that exist. Spring Boot has no report of its own for this failure.
 */
class NoSuchSslBundleFailureAnalyzer extends AbstractFailureAnalyzer<NoSuchSslBundleException> {

	private final Environment environment;

	NoSuchSslBundleFailureAnalyzer(Environment environment) {
		this.environment = environment;
	}

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, NoSuchSslBundleException cause) {
		BundleProperties bundles = BundleProperties.of(certificates(), this.environment);
		String uses = bundles.uses()
			.entrySet()
			.stream()
			.filter((use) -> use.getValue().equals(cause.getBundleName()))
			.map((use) -> "'" + use.getKey() + "'")
			.collect(Collectors.joining(" and "));
		return new FailureAnalysis(
				"There is no SSL bundle '%s'%s. The bundles of properties are %s.".formatted(cause.getBundleName(),
						uses.isEmpty() ? "" : ", which is named by " + uses, bundles.names()),
				"Correct the name where the bundle is used, or give a certificate this bundle with 'kubelet.cert.ssl.bundle' or "
						+ "'kubelet.cert.pair-name'. With 'kubelet.cert.enabled' set to false, certificates have none.",
				cause);
	}

	/**
	 * Those of the properties, since the beans have been destroyed. Settings that are not
	 * valid are reported where they are used.
	 */
	private List<CertificateSettings> certificates() {
		try {
			return (SettingsConfiguration.isAnyPropertySet(this.environment)
					&& this.environment.getProperty("kubelet.cert.enabled", Boolean.class, true))
							? SettingsConfiguration.resolve(PropertiesBinder.bind(this.environment, false)) : List.of();
		}
		catch (RuntimeException ex) {
			return List.of();
		}
	}

}
