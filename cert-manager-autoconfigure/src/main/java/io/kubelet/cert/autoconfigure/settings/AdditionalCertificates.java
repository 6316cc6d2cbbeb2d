package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.PropertySourcesPlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.Environment;

/**
 * Binds the properties of additional certificates. What a certificate does not set itself
 * is looked up at the first one. What identifies a certificate (its profile, name,
 * template, signer, usages and files, whether it rotates, the source of its addresses and
 * the name of its bundle) is not inherited.
 */
final class AdditionalCertificates {

	/** The inherited properties and groups of properties. */
	private static final Set<String> INHERITED = Set.of("node-name", "config-file", "cert-dir", "requested-lifetime",
			"key", "rotation", "startup", "store", "ssl.trust", "ssl.trust-file", "ssl.trust-config-map",
			"ssl.trust-bundle", "ssl.trust-overlap", "ssl.drain");

	/** Either of these says whom a bundle trusts, so none of them adds to another. */
	private static final Set<String> TRUST = Set.of("ssl.trust", "ssl.trust-file", "ssl.trust-config-map",
			"ssl.trust-bundle.name", "ssl.trust-bundle.signer-name");

	private static final ConfigurationPropertyName FIRST = ConfigurationPropertyName.of(PropertyNames.PREFIX);

	private static final ConfigurationPropertyName ADDITIONAL = FIRST.append("additional");

	private AdditionalCertificates() {
	}

	/**
	 * Returns the properties of the additional certificates, to be resolved, by name and
	 * in the order of the configuration.
	 */
	static Map<String, SettingsResolver> bind(Environment environment) {
		List<ConfigurationPropertyName> prefixes = new ArrayList<>();
		Bindable<?> all = Bindable.mapOf(String.class, CertificateProperties.class);
		Binder.get(environment).bind(ADDITIONAL, all, new AbstractBindHandler() {

			@Override
			public Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
					Object result) {
				if (ADDITIONAL.isParentOf(name)) {
					prefixes.add(name);
				}
				return result;
			}

		});
		Map<String, SettingsResolver> certificates = new LinkedHashMap<>();
		prefixes.forEach((prefix) -> certificates.put(prefix.getLastElement(Form.ORIGINAL), bind(prefix, environment)));
		return certificates;
	}

	private static SettingsResolver bind(ConfigurationPropertyName prefix, Environment environment) {
		Set<String> excluded = excluded(prefix, Binder.get(environment));
		Set<String> inherited = new HashSet<>();
		List<ConfigurationPropertySource> sources = new ArrayList<>();
		ConfigurationPropertySources.get(environment).forEach(sources::add);
		for (ConfigurationPropertySource source : List.copyOf(sources)) {
			sources.add((name) -> {
				String property = name.toString().replace(prefix + ".", "");
				if (!isInherited(property) || excluded.contains(property)) {
					return null;
				}
				ConfigurationProperty value = source.getConfigurationProperty(FIRST.append(property));
				if (value != null) {
					inherited.add(property);
				}
				return value;
			});
		}
		Binder binder = new Binder(sources, new PropertySourcesPlaceholdersResolver(environment));
		CertificateProperties properties = binder.bindOrCreate(prefix, Bindable.of(CertificateProperties.class), null);
		return new SettingsResolver(new PropertyNames(prefix.toString(), inherited), properties);
	}

	static boolean isInherited(String property) {
		return INHERITED.stream()
			.anyMatch((inherited) -> inherited.equals(property) || property.startsWith(inherited + "."));
	}

	/** A size is one of an algorithm, and a source of trust replaces another. */
	private static Set<String> excluded(ConfigurationPropertyName prefix, Binder binder) {
		Set<String> excluded = new HashSet<>();
		if (isSet(prefix.append("key.algorithm"), binder)) {
			excluded.add("key.size");
		}
		if (TRUST.stream().anyMatch((property) -> isSet(prefix.append(property), binder))) {
			excluded.addAll(TRUST);
			excluded.add("ssl.trust-bundle.label-selector");
		}
		return excluded;
	}

	private static boolean isSet(ConfigurationPropertyName property, Binder binder) {
		return binder.bind(property, Bindable.of(String.class)).isBound();
	}

}
