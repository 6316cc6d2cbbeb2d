package io.kubelet.cert.autoconfigure.settings;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.core.env.Environment;

/**
 * The SSL bundles that the properties of an application define and use.
 *
 * @param certificates the bundles of certificates
 * @param others Spring Boot's own bundles
 * @param uses the properties that name a bundle, with this name
 */
record BundleProperties(Set<String> certificates, Set<String> others, Map<String, String> uses) {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(PropertyNames.PREFIX);

	/** Elsewhere, such a property may name something else, or a bundle of a bean. */
	private static final Set<String> OF_SPRING_BOOT = Set.of("server", "management", "spring");

	private static final Bindable<Map<String, Object>> BUNDLES = Bindable.mapOf(String.class, Object.class);

	/**
	 * Finds the bundles.
	 * @param certificates the settings of the certificates
	 * @param environment the environment
	 * @return the bundles
	 */
	static BundleProperties of(List<CertificateSettings> certificates, Environment environment) {
		Set<String> others = new TreeSet<>();
		for (String type : Set.of("pem", "jks")) {
			Binder.get(environment)
				.bind("spring.ssl.bundle." + type, BUNDLES)
				.ifBound((bundles) -> others.addAll(bundles.keySet()));
		}
		return new BundleProperties(certificates.stream()
			.map((certificate) -> certificate.ssl().bundle())
			.collect(Collectors.toCollection(TreeSet::new)), others, uses(environment));
	}

	private static Map<String, String> uses(Environment environment) {
		Map<String, String> uses = new TreeMap<>();
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource names) {
				names.stream().filter((name) -> isUse(name, environment)).forEach((name) -> {
					String bundle = environment.getProperty(name.toString());
					if (bundle != null && !bundle.isBlank()) {
						uses.put(name.toString(), bundle);
					}
				});
			}
		}
		return uses;
	}

	/** Names such as {@code server.ssl.bundle}, unless SSL is switched off there. */
	private static boolean isUse(ConfigurationPropertyName name, Environment environment) {
		if (name.getNumberOfElements() < 3 || !name.getLastElement(Form.UNIFORM).equals("bundle")) {
			return false;
		}
		ConfigurationPropertyName parent = name.getParent();
		return PREFIX.isAncestorOf(name) ? parent.getLastElement(Form.UNIFORM).equals("postgresql")
				: parent.getLastElement(Form.UNIFORM).equals("ssl")
						&& OF_SPRING_BOOT.contains(name.getElement(0, Form.UNIFORM))
						&& environment.getProperty(parent + ".enabled", Boolean.class, true);
	}

	/**
	 * Requires that each bundle that is used is defined by a property.
	 * @throws NoSuchSslBundleException if one is not
	 */
	void requireUsed() {
		this.uses.forEach((property, bundle) -> {
			if (!this.certificates.contains(bundle) && !this.others.contains(bundle)) {
				throw new NoSuchSslBundleException(bundle, "'%s' names no SSL bundle".formatted(property));
			}
		});
	}

}
