package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
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
 * Binds each property once. The first certificate is bound first, and what the others
 * inherit from it comes from a property source of its own. {@link Valid.Handler} and
 * {@link UnknownProperties} are called for each property as well.
 */
final class PropertiesBinder extends AbstractBindHandler {

	private static final ConfigurationPropertyName FIRST = ConfigurationPropertyName.of(PropertyNames.PREFIX);

	private static final ConfigurationPropertyName ADDITIONAL = FIRST.append("additional");

	private static final int ADDITIONAL_LENGTH = ADDITIONAL.getNumberOfElements() + 1;

	private final Binder binder;

	/** The marks of properties, each its own or that of its group. */
	private final Map<ConfigurationPropertyName, Inherited> marks = new HashMap<>();

	/** The properties that must not be blank. */
	private final Set<ConfigurationPropertyName> notBlank = new HashSet<>();

	/** What is bound to each property. If it is inherited, it has another name. */
	private final Map<ConfigurationPropertyName, ConfigurationProperty> values = new LinkedHashMap<>();

	/** The additional certificates whose name has hyphens or capitals. */
	private final Set<ConfigurationPropertyName> spelled = new HashSet<>();

	/** What the additional certificate that is bound now may take from the first one. */
	private Map<ConfigurationPropertyName, ConfigurationProperty> inherited = Map.of();

	private PropertiesBinder(Environment environment, BindHandler parent) {
		super(parent);
		List<ConfigurationPropertySource> sources = new ArrayList<>();
		sources.add(new InheritedSource());
		ConfigurationPropertySources.get(environment).forEach(sources::add);
		// The text of a config tree has a type that the binder does not convert to a path
		this.binder = new Binder(sources, (value) -> (value instanceof CharSequence text)
				? environment.resolveRequiredPlaceholders(text.toString()) : value);
	}

	static Bound bind(Environment environment) {
		UnknownProperties unknown = new UnknownProperties(environment, new Valid.Handler());
		PropertiesBinder binder = new PropertiesBinder(environment, unknown);
		try {
			CertificateProperties first = binder.bind(CertificateProperties.class);
			ApplicationProperties application = binder.bind(ApplicationProperties.class);
			return new Bound(application, first, binder.additionalNames(), unknown);
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
				ConfigurationPropertyName own = certificate.append(name.subName(FIRST.getNumberOfElements()));
				String text = text(own);
				if (text == null || (text.isBlank() && !this.notBlank.contains(name))) {
					found.put(own, property);
				}
			}
		});
		this.inherited = found;
	}

	private boolean isReplaced(Inherited mark, ConfigurationPropertyName certificate) {
		return StringUtils.commaDelimitedListToSet(mark.unless())
			.stream()
			.anyMatch((name) -> StringUtils.hasText(text(certificate.append(name))));
	}

	private @Nullable String text(ConfigurationPropertyName name) {
		// A source of objects may have a path, which does not convert to a string
		return this.binder.bind(name, Bindable.of(Object.class)).map(Object::toString).orElse(null);
	}

	@Override
	public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
		Inherited mark = target.getAnnotation(Inherited.class);
		this.marks.put(name, (mark != null) ? mark : this.marks.get(name.getParent()));
		if (Valid.Handler.rules(target).contains(Valid.Rule.NOT_BLANK)) {
			this.notBlank.add(name);
		}
		if (ADDITIONAL.isParentOf(name)) {
			if (!name.getLastElement(Form.ORIGINAL).equals(name.getLastElement(Form.UNIFORM))
					&& this.spelled.add(name)) {
				// An environment variable has overridden a property, and has no hyphens
				this.values.keySet().removeIf(name::isAncestorOf);
			}
			inherit(name);
		}
		return super.onStart(name, target, context);
	}

	@Override
	public @Nullable Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Object result) {
		ConfigurationProperty property = context.getConfigurationProperty();
		// After a list or a map, it is the property of the last element
		Object bound = super.onSuccess(name, target, context, result);
		if (bound != null && property != null
				&& (property.getName().equals(name) || property == this.inherited.get(name))) {
			this.values.put(name, property);
		}
		return bound;
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

	/**
	 * Contains what additional certificates inherit. It does not say what it has no
	 * values for, and so the binder visits every property.
	 */
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
