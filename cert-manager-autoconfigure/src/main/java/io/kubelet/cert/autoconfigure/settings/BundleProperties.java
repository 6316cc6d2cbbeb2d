package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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

	/** The name of an environment variable has no dashes. */
	private static final String SERVER_NAMES = "server[-.]?name[-.]?bundles(?=\\[)";

	/** Elsewhere, such a property may name something else, or a bundle of a bean. */
	private static final Pattern USE = Pattern.compile("(server|management|spring)\\.(.+\\.)?ssl\\.(" + SERVER_NAMES
			+ "\\[\\d+]\\.)?bundle" + "|kubelet\\.cert\\.postgresql\\.bundle");

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
							name.replaceFirst("\\.(" + SERVER_NAMES + "\\[\\d+]\\.)?bundle$", ".enabled"),
							Boolean.class, true))
					.forEach((name) -> uses.put(name.replaceFirst(SERVER_NAMES, "server-name-bundles"),
							environment.getProperty(name, "")));
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
	 * Returns the properties by which servers use bundles.
	 * @param web whether the application has a web server, whose properties may be set
	 * for other applications otherwise
	 * @param management whether it has one for management
	 * @return the properties, by the name of the bundle
	 */
	Map<String, List<String>> servers(boolean web, boolean management) {
		Map<String, List<String>> servers = new TreeMap<>();
		this.uses.forEach((property, bundle) -> {
			boolean exists = property.startsWith("server.") ? web
					: !property.startsWith("management.server.") || (web && management);
			if (exists && USE_BY_SERVER.matcher(property).matches()) {
				servers.computeIfAbsent(bundle, (name) -> new ArrayList<>()).add(property);
			}
		});
		return servers;
	}

}
