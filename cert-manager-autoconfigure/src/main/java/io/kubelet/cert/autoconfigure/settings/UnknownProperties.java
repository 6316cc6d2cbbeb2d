package io.kubelet.cert.autoconfigure.settings;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
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

	/**
	 * Reports the properties in sources.
	 * @param ignore whether to log a warning instead of an exception
	 */
	void report(List<ConfigurationPropertySource> sources, boolean ignore) {
		// An environment variable does not say where a name has dots and where hyphens
		Set<String> letters = this.known.stream().map(UnknownProperties::letters).collect(Collectors.toSet());
		Set<String> errors = new TreeSet<>();
		Set<String> warnings = new TreeSet<>();
		for (ConfigurationPropertySource source : sources) {
			if (source instanceof IterableConfigurationPropertySource names) {
				boolean variables = source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
				names.stream()
					.filter((name) -> PREFIX.isAncestorOf(name)
							&& !(variables ? letters.contains(letters(name)) : isKnown(name)))
					.flatMap((name) -> Stream.ofNullable(source.getConfigurationProperty(name)))
					.map(this::describe)
					.forEach((variables || ignore) ? warnings::add : errors::add);
			}
		}
		warnings.forEach((property) -> logger.warn("A property that does not exist is ignored: {}", property));
		if (!errors.isEmpty()) {
			throw new InvalidSettingsException(
					"There are properties under '%s' that do not exist:%n  - %s".formatted(PropertyNames.PREFIX,
							String.join("%n  - ".formatted(), errors)),
					"Correct or remove them. To start without them, for example with an older version after a rollback, set '%s.ignore-unknown-properties' to true."
						.formatted(PropertyNames.PREFIX));
		}
	}

	/** An element of a list exists even if a shorter list replaces this one. */
	private boolean isKnown(ConfigurationPropertyName name) {
		return this.known.contains(name) || (name.isLastElementIndexed() && this.known.contains(name.getParent()));
	}

	private String describe(ConfigurationProperty property) {
		Set<String> pairs = pairs(property.getName());
		return "'%s' (%s): the closest property is '%s'".formatted(property.getName(), property.getOrigin(),
				this.known.stream()
					.filter((name) -> this.known.stream().noneMatch(name::isParentOf))
					.min(Comparator.comparingInt((candidate) -> difference(pairs, pairs(candidate))))
					.orElseThrow());
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
