package io.kubelet.cert.autoconfigure.settings;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Reports properties that do not exist. For environment variables this is never an error:
 * for a Service with the name {@code kubelet-cert}, Kubernetes itself sets
 * {@code KUBELET_CERT_SERVICE_HOST} and others.
 */
final class UnknownProperties extends AbstractBindHandler {

	private static final Logger logger = LoggerFactory.getLogger(UnknownProperties.class);

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of(PropertyNames.PREFIX);

	private static final String IGNORE = PropertyNames.PREFIX + ".ignore-unknown-properties";

	private final Environment environment;

	private final Set<ConfigurationPropertyName> known = new LinkedHashSet<>();

	private final Set<ConfigurationProperty> variables = new TreeSet<>();

	private final Set<ConfigurationProperty> others = new TreeSet<>();

	UnknownProperties(Environment environment, BindHandler parent) {
		super(parent);
		this.environment = environment;
	}

	/** The binder visits every property that exists. */
	@Override
	public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
		Class<?> type = target.getType().resolve(Object.class);
		if (!type.isRecord()) {
			this.known.add(name);
		}
		if (type == List.class) {
			this.known.add(name.append("[0]"));
		}
		return super.onStart(name, target, context);
	}

	private void find() {
		// An environment variable does not say where a name has dots and where hyphens
		Set<String> letters = this.known.stream().map(UnknownProperties::letters).collect(Collectors.toSet());
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(this.environment)) {
			if (source instanceof IterableConfigurationPropertySource names) {
				boolean variables = source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
				names.stream()
					.filter((name) -> PREFIX.isAncestorOf(name)
							&& !(variables ? letters.contains(letters(name)) : isKnown(name)))
					.flatMap((name) -> Stream.ofNullable(source.getConfigurationProperty(name)))
					.forEach((variables ? this.variables : this.others)::add);
			}
		}
	}

	/** An element of a list exists even if a shorter list replaces this one. */
	private boolean isKnown(ConfigurationPropertyName name) {
		return this.known.contains(name)
				|| (name.isLastElementIndexed() && this.known.contains(name.getParent().append("[0]")));
	}

	/**
	 * Reports them, when all properties are bound.
	 * @param ignore whether to log a warning instead of an exception
	 */
	void report(boolean ignore) {
		find();
		if (!this.others.isEmpty() && !ignore) {
			throw new InvalidSettingsException(
					"There are properties under '%s' that do not exist:%n%s".formatted(PropertyNames.PREFIX,
							describe(this.others)),
					"Correct or remove them. To start without them, for example with an older version after a rollback, set '%s' to true."
						.formatted(IGNORE));
		}
		warn(this.others, "");
		warn(this.variables,
				" (Kubernetes sets such environment variables for a Service with the name 'kubelet-cert')");
	}

	private void warn(Set<ConfigurationProperty> properties, String explanation) {
		if (!properties.isEmpty()) {
			logger.warn("Properties under '{}' that do not exist are ignored{}:{}{}", PropertyNames.PREFIX, explanation,
					System.lineSeparator(), describe(properties));
		}
	}

	private String describe(Set<ConfigurationProperty> properties) {
		return properties.stream()
			.map((property) -> "  - '%s' (%s): the closest property is '%s'".formatted(property.getName(),
					property.getOrigin(), closest(property.getName())))
			.collect(Collectors.joining(System.lineSeparator()));
	}

	/** The most similar name, or almost the same name in another group. */
	private ConfigurationPropertyName closest(ConfigurationPropertyName name) {
		int additional = distance(name.getElement(2, Form.UNIFORM), "additional");
		if (additional == 1 || additional == 2) {
			return PREFIX.append("additional");
		}
		ToIntFunction<ConfigurationPropertyName> distance = (candidate) -> distance(letters(name), letters(candidate));
		return this.known.stream().min(Comparator.<ConfigurationPropertyName>comparingInt((candidate) -> {
			int last = distance(name.getLastElement(Form.UNIFORM), candidate.getLastElement(Form.UNIFORM));
			boolean moved = last <= 1 && !name.isLastElementIndexed();
			return Math.min(distance.applyAsInt(candidate), moved ? last + 1 : Integer.MAX_VALUE);
		}).thenComparingInt(distance)).orElseThrow();
	}

	private static String letters(ConfigurationPropertyName name) {
		return name.toString().replace("-", "").replace(".", "");
	}

	/** The number of letters to insert, remove or replace (Levenshtein). */
	private static int distance(String from, String to) {
		int[] row = new int[to.length() + 1];
		for (int i = 0; i <= from.length(); i++) {
			int diagonal = i;
			for (int j = 0; j <= to.length(); j++) {
				int above = row[j];
				if (i == 0 || j == 0) {
					row[j] = i + j;
				}
				else {
					int replaced = diagonal + ((from.charAt(i - 1) != to.charAt(j - 1)) ? 1 : 0);
					row[j] = Math.min(replaced, 1 + Math.min(above, row[j - 1]));
				}
				diagonal = above;
			}
		}
		return row[to.length()];
	}

}
