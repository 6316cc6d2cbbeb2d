package io.kubelet.cert.autoconfigure.settings;

import java.util.Collection;
import java.util.Map;
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
		BundleProperties bundles = SettingsConfiguration.bundles(this.environment);
		String uses = bundles.uses()
			.entrySet()
			.stream()
			.filter((use) -> use.getValue().equals(cause.getBundleName()))
			.map(Map.Entry::getKey)
			.collect(Collectors.joining("' and '"));
		String description = "There is no SSL bundle '%s'%s. Bundles of certificates under 'kubelet.cert': %s. Bundles under 'spring.ssl.bundle': %s."
			.formatted(cause.getBundleName(), uses.isEmpty() ? "" : ", which is named by '" + uses + "'",
					text(bundles.certificates()), text(bundles.others()));
		boolean off = !this.environment.getProperty("kubelet.cert.enabled", Boolean.class, true);
		String action = (uses.isEmpty() ? "Correct the name where the bundle is used"
				: "Set '" + uses + "' to the name of a bundle that exists")
				+ (bundles.certificates().isEmpty()
						? ", or give a certificate this bundle with 'kubelet.cert.ssl.bundle' or 'kubelet.cert.pair-name'."
						: ", or configure another certificate of this name ('kubelet.cert.additional.%s'), or give one that exists this bundle ('kubelet.cert.ssl.bundle')."
							.formatted(cause.getBundleName()));
		return new FailureAnalysis(description, off
				? "The certificates are switched off ('kubelet.cert.enabled' is false): switch them on, or use no bundle of theirs in this configuration."
				: action, cause);
	}

	private static String text(Collection<String> names) {
		return names.isEmpty() ? "none" : String.join(", ", names);
	}

}
