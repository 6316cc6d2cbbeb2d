package io.kubelet.cert.autoconfigure.settings;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static io.kubelet.cert.autoconfigure.settings.PropertyNames.ADDITIONAL;
import static io.kubelet.cert.autoconfigure.settings.PropertyNames.FIRST;

/**
 * Reports properties that do not exist. For environment variables this is never an error:
 * for a Service with the name {@code kubelet-cert}, Kubernetes itself sets
 * {@code KUBELET_CERT_SERVICE_HOST} and others.
 *
 * @param known the properties and groups that exist
 */
record UnknownProperties(Map<ConfigurationPropertyName, Bindable<?>> known) {

	private static final Logger logger = LoggerFactory.getLogger(UnknownProperties.class);

	/** What to use in place of a property that others suggest. */
	private static final Map<ConfigurationPropertyName, String> REPLACEMENTS = Map.of(
			FIRST.append("ssl.accepted-servers.common-names"),
			"a server is not accepted by its common name: set 'ssl.accepted-servers.dns-names' or 'ssl.accepted-servers.uris'");

	/**
	 * Reports the properties in sources.
	 * @param ignore whether to log a warning instead of an exception
	 */
	void report(List<ConfigurationPropertySource> sources, boolean ignore) {
		Set<String> ofVariables = this.known.keySet()
			.stream()
			.flatMap(UnknownProperties::ofVariables)
			.collect(Collectors.toSet());
		Map<String, String> errors = new TreeMap<>();
		Map<String, String> warnings = new TreeMap<>();
		for (ConfigurationPropertySource source : sources) {
			if (source instanceof IterableConfigurationPropertySource names) {
				boolean variables = source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
				names.stream()
					.filter((name) -> FIRST.isAncestorOf(name)
							&& !(variables ? ofVariables.contains(name.toString()) : isKnown(name)))
					.flatMap((name) -> Stream.ofNullable(source.getConfigurationProperty(name)))
					.forEach((property) -> ((variables || ignore) ? warnings : errors)
						.putIfAbsent(nameOf(property).toString(), describe(property)));
			}
		}
		warnings.values().forEach((property) -> logger.warn("A property that does not exist is ignored: {}", property));
		if (!errors.isEmpty()) {
			throw new InvalidSettingsException(
					"These properties do not exist: '%s'%n  - %s".formatted(String.join("', '", errors.keySet()),
							String.join("%n  - ".formatted(), errors.values())),
					"Correct or remove them. To start without them, for example with an older version after a rollback, set '%s.ignore-unknown-properties' to true."
						.formatted(PropertyNames.PREFIX));
		}
	}

	/** An element of a list exists even if a shorter list replaces this one. */
	private boolean isKnown(ConfigurationPropertyName name) {
		Bindable<?> list = this.known.get(name.getParent());
		return this.known.containsKey(name)
				|| (name.isLastElementIndexed() && list != null && list.getType().resolve() == List.class);
	}

	/** A list has one name for all its elements. */
	private static ConfigurationPropertyName nameOf(ConfigurationProperty property) {
		ConfigurationPropertyName name = property.getName();
		return name.isLastElementIndexed() ? name.getParent() : name;
	}

	private String describe(ConfigurationProperty property) {
		ConfigurationPropertyName unknown = nameOf(property);
		String replacement = REPLACEMENTS.get(ADDITIONAL.isAncestorOf(unknown)
				? FIRST.append(unknown.subName(ADDITIONAL.getNumberOfElements() + 1)) : unknown);
		return "'%s' (%s)%s".formatted(unknown, property.getOrigin(),
				(replacement != null) ? ": " + replacement : this.known.containsKey(unknown) ? ": it is no list" : "");
	}

	/**
	 * Returns what Spring Boot reads the environment variables of a property as: they
	 * have no hyphens, or underscores for all of them, which count as dots.
	 */
	private static Stream<String> ofVariables(ConfigurationPropertyName property) {
		String name = property.toString().toLowerCase(Locale.ROOT);
		return Stream.of(name.replace("-", ""), name.replace('-', '.'));
	}

}
