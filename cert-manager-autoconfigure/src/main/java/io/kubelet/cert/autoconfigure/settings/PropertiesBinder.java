package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.settings.Valid.Rule;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.IgnoreTopLevelConverterNotFoundBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Binds each property once, and notes the names of all properties that exist.
 * <p>
 * The first certificate is bound first. What the others inherit from it comes from a last
 * property source. This source does not say what it has no values for, and so the binder
 * visits every property.
 */
final class PropertiesBinder extends IgnoreTopLevelConverterNotFoundBindHandler {

	private static final ConfigurationPropertyName FIRST = ConfigurationPropertyName.of(PropertyNames.PREFIX);

	private static final ConfigurationPropertyName ADDITIONAL = FIRST.append("additional");

	private static final int ADDITIONAL_LENGTH = ADDITIONAL.getNumberOfElements() + 1;

	private final Binder binder;

	private final Set<ConfigurationPropertyName> known = new LinkedHashSet<>();

	/** The marks of properties, each its own or that of its group. */
	private final Map<ConfigurationPropertyName, Inherited> marks = new HashMap<>();

	/** What is bound to each property. If it is inherited, it has another name. */
	private final Map<ConfigurationPropertyName, ConfigurationProperty> values = new LinkedHashMap<>();

	/** What the additional certificate that is bound now may take from the first one. */
	private Map<ConfigurationPropertyName, ConfigurationProperty> inherited = Map.of();

	/** The last map. Its keys are those that property sources have. */
	private ConfigurationPropertyName map = ConfigurationPropertyName.EMPTY;

	private PropertiesBinder(Environment environment) {
		List<ConfigurationPropertySource> sources = new ArrayList<>();
		ConfigurationPropertySources.get(environment).forEach(sources::add);
		sources.add(new InheritedSource());
		// The text of a config tree has a type that the binder does not convert to a path
		this.binder = new Binder(sources, (value) -> (value instanceof CharSequence text)
				? environment.resolveRequiredPlaceholders(text.toString()) : value);
	}

	static Bound bind(Environment environment) {
		PropertiesBinder binder = new PropertiesBinder(environment);
		try {
			CertificateProperties first = binder.bind(CertificateProperties.class);
			ApplicationProperties application = binder.bind(ApplicationProperties.class);
			return new Bound(application, first, binder.additionalNames(),
					new UnknownProperties(binder.known, environment));
		}
		catch (BindException ex) {
			throw (ex.getCause() instanceof InvalidConfigurationPropertyValueException invalid) ? invalid : ex;
		}
	}

	private <T> T bind(Class<T> type) {
		return this.binder.bindOrCreate(PropertyNames.PREFIX, Bindable.of(type), this);
	}

	/** Finds what an additional certificate inherits unless it sets it itself. */
	private void inherit(ConfigurationPropertyName certificate) {
		this.inherited = Map.of();
		Map<ConfigurationPropertyName, ConfigurationProperty> found = new LinkedHashMap<>();
		this.values.forEach((name, property) -> {
			Inherited mark = this.marks.get(name);
			if (mark != null && !ADDITIONAL.isAncestorOf(name) && !isReplaced(mark, certificate)) {
				found.put(certificate.append(name.subName(FIRST.getNumberOfElements())), property);
			}
		});
		this.inherited = found;
	}

	private boolean isReplaced(Inherited mark, ConfigurationPropertyName certificate) {
		return StringUtils.commaDelimitedListToSet(mark.unless())
			.stream()
			.map((name) -> this.binder.bind(certificate.append(name), Bindable.of(String.class)).orElse(""))
			.anyMatch(StringUtils::hasText);
	}

	@Override
	public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
		Inherited mark = target.getAnnotation(Inherited.class);
		this.marks.put(name, (mark != null) ? mark : this.marks.get(name.getParent()));
		if (ADDITIONAL.isParentOf(name)) {
			inherit(name);
		}
		Class<?> type = target.getType().resolve(Object.class);
		if (type == Map.class) {
			this.map = name;
		}
		if (!type.isRecord()) {
			this.known.add(name);
		}
		if (type == List.class) {
			this.known.add(name.append("[0]"));
		}
		// A blank text is converted to no path
		if (rules(target).contains(Rule.NOT_BLANK)) {
			this.binder.bind(name, Bindable.of(String.class))
				.ifBound((text) -> requireValid(name, text, Rule.NOT_BLANK));
		}
		return super.onStart(name, target, context);
	}

	@Override
	public @Nullable Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Object result) {
		ConfigurationProperty property = context.getConfigurationProperty();
		// After a list or a map, it is the property of the last element
		if (property != null && (property.getName().equals(name) || property == this.inherited.get(name))) {
			this.values.put(name, property);
		}
		if (isBlank(name, result)) {
			return null;
		}
		rules(target).forEach((rule) -> requireValid(Objects.requireNonNull(property).getName(), result, rule));
		return super.onSuccess(name, target, context, result);
	}

	private static List<Rule> rules(Bindable<?> target) {
		Valid valid = target.getAnnotation(Valid.class);
		return (valid != null) ? List.of(valid.value()) : List.of();
	}

	private void requireValid(ConfigurationPropertyName name, Object value, Rule rule) {
		if (!rule.accepts(value)) {
			throw new InvalidConfigurationPropertyValueException(name.toString(),
					this.binder.bind(name, Bindable.of(String.class)).get(), rule.problem());
		}
	}

	/** A text from {@code ${NAME:}} counts as none. */
	private boolean isBlank(ConfigurationPropertyName name, Object result) {
		return result instanceof String text && text.isBlank() && !this.map.isParentOf(name);
	}

	/**
	 * Returns the names of the additional certificates that set a property themselves.
	 */
	private Map<String, PropertyNames> additionalNames() {
		Map<String, PropertyNames> names = new HashMap<>();
		Set<String> inherited = new HashSet<>();
		this.values.forEach((name, property) -> {
			if (ADDITIONAL.isAncestorOf(property.getName())) {
				names.put(name.getElement(ADDITIONAL_LENGTH - 1, Form.ORIGINAL),
						new PropertyNames(name.chop(ADDITIONAL_LENGTH).toString(), inherited));
			}
			else if (!property.getName().equals(name)) {
				inherited.add(name.toString());
			}
		});
		return names;
	}

	/** Contains what additional certificates inherit. */
	private final class InheritedSource implements IterableConfigurationPropertySource {

		@Override
		public @Nullable ConfigurationProperty getConfigurationProperty(ConfigurationPropertyName name) {
			return PropertiesBinder.this.inherited.get(name);
		}

		@Override
		public Stream<ConfigurationPropertyName> stream() {
			return PropertiesBinder.this.inherited.keySet().stream();
		}

		@Override
		public ConfigurationPropertyState containsDescendantOf(ConfigurationPropertyName name) {
			return ConfigurationPropertyState.UNKNOWN;
		}

	}

	/**
	 * What was bound.
	 *
	 * @param application the properties of the whole application
	 * @param first the properties of the first certificate
	 * @param names the names of the properties of each additional certificate
	 * @param unknown the properties that do not exist
	 */
	record Bound(ApplicationProperties application, CertificateProperties first, Map<String, PropertyNames> names,
			UnknownProperties unknown) {

	}

}
