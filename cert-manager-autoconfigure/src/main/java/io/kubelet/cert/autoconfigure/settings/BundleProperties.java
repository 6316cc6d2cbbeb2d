package io.kubelet.cert.autoconfigure.settings;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * The SSL bundles that the properties of an application define and use.
 *
 * @param names the bundles of certificates, and Spring Boot's own
 * @param uses the properties that name a bundle, with this name
 */
record BundleProperties(Set<String> names, Map<String, String> uses) {

	/** Elsewhere, such a property may name something else, or a bundle of a bean. */
	private static final Pattern USE = Pattern
		.compile("(server|management|spring)\\.(.+\\.)?ssl\\.(server-name-bundles\\[\\d+]\\.)?bundle"
				+ "|kubelet\\.cert\\.postgresql\\.bundle");

	private static final Pattern USE_BY_SERVER = Pattern.compile("(.+\\.)?server\\.ssl\\..+");

	/**
	 * Finds the bundles.
	 * @param certificates the settings of the certificates
	 * @param environment the environment
	 * @return the bundles
	 */
	static BundleProperties of(List<CertificateSettings> certificates, Environment environment) {
		Set<String> names = new TreeSet<>();
		certificates.forEach((certificate) -> names.add(certificate.ssl().bundle()));
		for (String type : List.of("pem", "jks")) {
			Binder.get(environment)
				.bind("spring.ssl.bundle." + type, Bindable.mapOf(String.class, Object.class))
				.ifBound((bundles) -> names.addAll(bundles.keySet()));
		}
		Map<String, String> uses = new TreeMap<>();
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source instanceof IterableConfigurationPropertySource properties) {
				properties.stream()
					.map(ConfigurationPropertyName::toString)
					.filter(USE.asMatchPredicate())
					.filter((name) -> environment.getProperty(
							name.replaceFirst("\\.(server-name-bundles\\[\\d+]\\.)?bundle$", ".enabled"), Boolean.class,
							true))
					.forEach((name) -> uses.put(name, environment.getProperty(name, "")));
			}
		}
		return new BundleProperties(names, uses);
	}

	/**
	 * Requires that each bundle that is used is defined by a property.
	 * @throws NoSuchSslBundleException if one is not
	 */
	void requireUsed() {
		this.uses.forEach((property, bundle) -> {
			if (StringUtils.hasText(bundle) && !this.names.contains(bundle)) {
				throw new NoSuchSslBundleException(bundle, "'%s' names no SSL bundle".formatted(property));
			}
		});
	}

	/**
	 * Returns the property by which a server uses a bundle.
	 * @param bundle the name of the bundle
	 * @param exists whether there is a server with properties of this prefix
	 * @return the property, empty if there is none
	 */
	Optional<String> serverOf(String bundle, Predicate<String> exists) {
		return this.uses.entrySet()
			.stream()
			.filter((use) -> use.getValue().equals(bundle))
			.map(Map.Entry::getKey)
			.filter(USE_BY_SERVER.asMatchPredicate())
			.filter((property) -> exists.test(property.substring(0, property.indexOf("ssl."))))
			.findFirst();
	}

}
