package io.kubelet.cert.autoconfigure.settings;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * Binds the properties of further certificates on top of those that they inherit from the
 * first one. What identifies a certificate (its profile, name, template, signer, usages
 * and files, whether it rotates, the source of its addresses and the name of its bundle)
 * is not inherited.
 */
final class AdditionalCertificates extends AbstractBindHandler {

	/** The inherited properties and groups of properties. */
	static final Set<String> INHERITED = Set.of("node-name", "config-file", "cert-dir", "requested-lifetime", "key",
			"rotation", "startup", "store", "ssl.trust", "ssl.trust-file", "ssl.trust-config-map", "ssl.trust-bundle",
			"ssl.trust-overlap", "ssl.drain");

	/** Either of these says whom a bundle trusts, so none of them adds to another. */
	private static final Set<String> TRUST = Set.of("ssl.trust", "ssl.trust-file", "ssl.trust-config-map",
			"ssl.trust-bundle.name", "ssl.trust-bundle.signer-name");

	private static final ConfigurationPropertyName FIRST = ConfigurationPropertyName.of(CertManagerProperties.PREFIX);

	private static final ConfigurationPropertyName ADDITIONAL = FIRST.append("additional");

	private final Binder binder;

	/** By the name of the certificate's properties. */
	private final Map<ConfigurationPropertyName, AdditionalCertificate> certificates = new HashMap<>();

	private AdditionalCertificates(Binder binder) {
		this.binder = binder;
	}

	/**
	 * Returns the further certificates by name, in the order of the configuration.
	 */
	static Map<String, AdditionalCertificate> bind(Binder binder) {
		AdditionalCertificates handler = new AdditionalCertificates(binder);
		Map<String, CertificateProperties> bound = binder
			.bind(ADDITIONAL, Bindable.mapOf(String.class, CertificateProperties.class), handler)
			.orElseGet(Map::of);
		Map<String, AdditionalCertificate> result = new LinkedHashMap<>();
		bound.forEach((name, properties) -> handler.certificates.values()
			.stream()
			.filter((certificate) -> certificate.properties() == properties)
			.forEach((certificate) -> result.put(name, certificate)));
		return result;
	}

	@Override
	public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
		return ADDITIONAL.isParentOf(name) ? target.withSuppliedValue(() -> cast(inherit(name).properties())) : target;
	}

	@Override
	public Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context, Object result) {
		ConfigurationPropertyName prefix = name.chop(ADDITIONAL.getNumberOfElements() + 1);
		AdditionalCertificate certificate = this.certificates.get(prefix);
		if (certificate != null) {
			certificate.inherited().remove(relative(name, prefix));
		}
		return result;
	}

	private AdditionalCertificate inherit(ConfigurationPropertyName name) {
		return this.certificates.computeIfAbsent(name, (prefix) -> {
			CertificateProperties properties = new CertificateProperties();
			return new AdditionalCertificate(properties, inherit(prefix, properties));
		});
	}

	/** Returns the properties that have a value at the first certificate. */
	private Set<String> inherit(ConfigurationPropertyName name, CertificateProperties properties) {
		Set<String> bound = new HashSet<>();
		Set<String> excluded = excluded(name);
		this.binder.bind(FIRST, Bindable.ofInstance(properties), new AbstractBindHandler() {

			@Override
			public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target,
					BindContext context) {
				String property = relative(name, FIRST);
				return (property.isEmpty() || (isInherited(property) && !excluded.contains(property))) ? target : null;
			}

			@Override
			public Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
					Object result) {
				bound.add(relative(name, FIRST));
				return result;
			}

		});
		return bound;
	}

	private static String relative(ConfigurationPropertyName name, ConfigurationPropertyName prefix) {
		return name.subName(prefix.getNumberOfElements()).toString();
	}

	private static boolean isInherited(String property) {
		return INHERITED.stream()
			.anyMatch((inherited) -> inherited.equals(property) || property.startsWith(inherited + ".")
					|| inherited.startsWith(property + "."));
	}

	/** A size is one of an algorithm, and a source of trust replaces another. */
	private Set<String> excluded(ConfigurationPropertyName name) {
		Set<String> excluded = new HashSet<>();
		if (isSet(name, "key.algorithm")) {
			excluded.add("key.size");
		}
		if (TRUST.stream().anyMatch((property) -> isSet(name, property))) {
			excluded.addAll(TRUST);
			excluded.add("ssl.trust-bundle.label-selector");
		}
		return excluded;
	}

	private boolean isSet(ConfigurationPropertyName name, String property) {
		return this.binder.bind(name.append(property), Bindable.of(String.class)).isBound();
	}

	@SuppressWarnings("unchecked")
	private static <T> T cast(CertificateProperties properties) {
		return (T) properties;
	}

	/**
	 * A further certificate.
	 *
	 * @param properties its own and its inherited properties
	 * @param inherited the names of the inherited ones
	 */
	record AdditionalCertificate(CertificateProperties properties, Set<String> inherited) {
	}

}
