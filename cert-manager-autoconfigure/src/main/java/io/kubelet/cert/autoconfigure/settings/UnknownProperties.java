package io.kubelet.cert.autoconfigure.settings;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Reports properties that do not exist. For environment variables this is never an error:
 * for a Service with the name {@code kubelet-cert}, Kubernetes itself sets
 * {@code KUBELET_CERT_SERVICE_HOST} and others.
 *
 * @param known the properties that exist
 */
record UnknownProperties(Set<ConfigurationPropertyName> known) {

	private static final Logger logger = LoggerFactory.getLogger(UnknownProperties.class);

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(PropertyNames.PREFIX);

	private static final ConfigurationPropertyName ADDITIONAL = PREFIX.append("additional");

	/**
	 * What to use in place of properties that were removed, as in the metadata, and of
	 * one that others suggest.
	 */
	private static final Map<ConfigurationPropertyName, String> REPLACEMENTS = Map.of(PREFIX.append("drain.rabbitmq"),
			"it was removed. Use an update handler of the SSL bundle that resets the connection factory.",
			PREFIX.append("ssl.accepted-servers.common-names"),
			"a server is not accepted by its common name: set 'ssl.accepted-servers.dns-names' or 'ssl.accepted-servers.uris'");

	/**
	 * Reports the properties in sources.
	 * @param ignore whether to log a warning instead of an exception
	 */
	void report(List<ConfigurationPropertySource> sources, boolean ignore) {
		// An environment variable does not say where a name has dots and where hyphens
		Set<String> letters = this.known.stream().map(UnknownProperties::letters).collect(Collectors.toSet());
		Map<String, String> errors = new TreeMap<>();
		Map<String, String> warnings = new TreeMap<>();
		for (ConfigurationPropertySource source : sources) {
			if (source instanceof IterableConfigurationPropertySource names) {
				boolean variables = source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
				names.stream()
					.filter((name) -> PREFIX.isAncestorOf(name)
							&& !(variables ? letters.contains(letters(name)) : isKnown(name)))
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

	/**
	 * An element of a list exists even if a shorter list replaces this one. A group has
	 * no elements: they would be ignored.
	 */
	private boolean isKnown(ConfigurationPropertyName name) {
		return this.known.contains(name)
				|| (name.isLastElementIndexed() && this.known.contains(name.getParent()) && !isGroup(name.getParent()));
	}

	/** A list has one name for all its elements. */
	private static ConfigurationPropertyName nameOf(ConfigurationProperty property) {
		ConfigurationPropertyName name = property.getName();
		return name.isLastElementIndexed() ? name.getParent() : name;
	}

	private String describe(ConfigurationProperty property) {
		ConfigurationPropertyName unknown = nameOf(property);
		String replacement = REPLACEMENTS.get(ADDITIONAL.isAncestorOf(unknown)
				? PREFIX.append(unknown.subName(ADDITIONAL.getNumberOfElements() + 1)) : unknown);
		return "'%s' (%s): %s".formatted(unknown, property.getOrigin(),
				(replacement != null) ? replacement : "the closest property is '%s'".formatted(closest(unknown)));
	}

	private ConfigurationPropertyName closest(ConfigurationPropertyName unknown) {
		Set<String> pairs = pairs(unknown);
		return this.known.stream()
			.filter((name) -> !name.isLastElementIndexed() && !isGroup(name))
			.min(Comparator.comparing((ConfigurationPropertyName candidate) -> !isNamedAlike(candidate, unknown))
				.thenComparing((candidate) -> !isOfSameGroup(candidate, unknown))
				.thenComparing((candidate) -> difference(pairs, pairs(candidate))))
			.orElseThrow();
	}

	private boolean isGroup(ConfigurationPropertyName name) {
		return this.known.stream().anyMatch((other) -> name.isParentOf(other) && !other.isLastElementIndexed());
	}

	/** The group is forgotten most easily. */
	private static boolean isNamedAlike(ConfigurationPropertyName one, ConfigurationPropertyName other) {
		return one.getLastElement(Form.UNIFORM).equals(other.getLastElement(Form.UNIFORM));
	}

	/** A group that was named is probably the right one. */
	private static boolean isOfSameGroup(ConfigurationPropertyName candidate, ConfigurationPropertyName unknown) {
		ConfigurationPropertyName group = unknown.getParent();
		return !group.equals(PREFIX) && !ADDITIONAL.isParentOf(group) && group.isAncestorOf(candidate);
	}

	/** The number of pairs that only one of two names has. */
	private static int difference(Set<String> one, Set<String> other) {
		Set<String> all = new HashSet<>(one);
		all.addAll(other);
		return (int) all.stream().filter((pair) -> one.contains(pair) != other.contains(pair)).count();
	}

	/** The pairs of neighboring letters. */
	private static Set<String> pairs(ConfigurationPropertyName name) {
		String letters = letters(name);
		return IntStream.range(1, letters.length())
			.mapToObj((end) -> letters.substring(end - 1, end + 1))
			.collect(Collectors.toSet());
	}

	private static String letters(ConfigurationPropertyName name) {
		return name.toString().replace("-", "").replace(".", "");
	}

}
