package io.kubelet.cert.autoconfigure.ssl;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import io.kubelet.cert.autoconfigure.settings.SettingsConfiguration;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySource;

/**
 * Reports an SSL bundle that does not exist, with the properties that name it and the
 * bundles that exist. Spring Boot has no report of its own for this failure.
 */
class NoSuchSslBundleFailureAnalyzer extends AbstractFailureAnalyzer<NoSuchSslBundleException> {

	private static final Bindable<Map<String, Object>> BUNDLES = Bindable.mapOf(String.class, Object.class);

	private final Environment environment;

	NoSuchSslBundleFailureAnalyzer(Environment environment) {
		this.environment = environment;
	}

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, NoSuchSslBundleException cause) {
		List<String> uses = uses(cause.getBundleName());
		Set<String> certificates = new TreeSet<>(SettingsConfiguration.bundleNames(this.environment));
		Set<String> others = new TreeSet<>();
		for (String type : List.of("pem", "jks")) {
			others.addAll(Binder.get(this.environment)
				.bind("spring.ssl.bundle." + type, BUNDLES)
				.orElseGet(Map::of)
				.keySet());
		}
		String description = "There is no SSL bundle '%s'%s. Bundles of certificates under 'kubelet.cert': %s. Bundles under 'spring.ssl.bundle': %s."
			.formatted(cause.getBundleName(), uses.isEmpty() ? "" : ", which " + uses + " names", text(certificates),
					text(others));
		String action = "%s, or give a certificate this bundle with 'kubelet.cert.ssl.bundle' or 'kubelet.cert.pair-name'."
			.formatted(uses.isEmpty() ? "Correct the name where the bundle is used"
					: "Set " + uses + " to the name of a bundle that exists");
		boolean off = !this.environment.getProperty("kubelet.cert.enabled", Boolean.class, true);
		return new FailureAnalysis(description, off
				? "The certificates are switched off ('kubelet.cert.enabled' is false): switch them on, or use no bundle of theirs in this configuration."
				: action, cause);
	}

	private static String text(Set<String> names) {
		return names.isEmpty() ? "none" : String.join(", ", names);
	}

	private List<String> uses(String bundle) {
		Set<String> uses = new TreeSet<>();
		for (PropertySource<?> source : ((ConfigurableEnvironment) this.environment).getPropertySources()) {
			if (source instanceof EnumerablePropertySource<?> properties) {
				for (String name : properties.getPropertyNames()) {
					if (name.toLowerCase(Locale.ROOT).endsWith("bundle")
							&& bundle.equals(this.environment.getProperty(name))) {
						uses.add("'" + name + "'");
					}
				}
			}
		}
		return new ArrayList<>(uses);
	}

}
