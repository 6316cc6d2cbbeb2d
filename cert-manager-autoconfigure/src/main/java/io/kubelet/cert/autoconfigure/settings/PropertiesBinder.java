package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.handler.IgnoreTopLevelConverterNotFoundBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.core.convert.ConverterNotFoundException;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Binds each property once, and reports values that it does not accept. What an
 * additional certificate inherits comes from a property source of its own, to which the
 * properties of the first certificate are copied.
 */
final class PropertiesBinder extends IgnoreTopLevelConverterNotFoundBindHandler {

	private static final ConfigurationPropertyName FIRST = ConfigurationPropertyName.of(PropertyNames.PREFIX);

	private static final ConfigurationPropertyName ADDITIONAL = FIRST.append("additional");

	private static final int ADDITIONAL_LENGTH = ADDITIONAL.getNumberOfElements() + 1;

	/** An environment variable lacks hyphens and capitals, which sort before letters. */
	private static final BinaryOperator<ConfigurationPropertyName> AS_WRITTEN = BinaryOperator
		.minBy(Comparator.comparing((name) -> name.getLastElement(Form.ORIGINAL)));

	private final Environment environment;

	private final List<ConfigurationPropertySource> sources = new ArrayList<>();

	private final Binder own;

	/** What additional certificates inherit, by the names that it has there. */
	private final Map<ConfigurationPropertyName, ConfigurationProperty> inherited = new LinkedHashMap<>();

	/** All properties, each with its own mark or that of its group. */
	private final Map<ConfigurationPropertyName, @Nullable Inherited> marks = new HashMap<>();

	/** The additional certificates that set a property themselves. */
	private final Map<ConfigurationPropertyName, ConfigurationPropertyName> additional = new LinkedHashMap<>();

	/** What is written, but blank. */
	private final List<ConfigurationProperty> blank = new ArrayList<>();

	/** The last map. A blank text in it is a value. */
	private ConfigurationPropertyName map = ConfigurationPropertyName.EMPTY;

	private PropertiesBinder(Environment environment) {
		this.environment = environment;
		ConfigurationPropertySources.get(environment).forEach(this.sources::add);
		this.own = Binder.get(environment);
	}

	static Bound bind(Environment environment) {
		return bind(environment, true);
	}

	/** Binds again what has been reported, or reports unknown properties as well. */
	static Bound bind(Environment environment, boolean report) {
		PropertiesBinder handler = new PropertiesBinder(environment);
		List<ConfigurationPropertySource> sources = new ArrayList<>(handler.sources);
		sources.add(0, handler.new InheritedSource());
		// The text of a config tree has a type that the binder does not convert to a path
		Binder binder = new Binder(sources, (value) -> (value instanceof CharSequence text)
				? environment.resolveRequiredPlaceholders(text.toString()) : value);
		try {
			CertificateProperties first = binder.bindOrCreate(PropertyNames.PREFIX,
					Bindable.of(CertificateProperties.class), handler);
			ApplicationProperties application = binder.bindOrCreate(PropertyNames.PREFIX,
					Bindable.of(ApplicationProperties.class), handler);
			if (report) {
				new UnknownProperties(handler.marks.keySet()).report(handler.sources,
						application.ignoreUnknownProperties());
			}
			return new Bound(application, first, List.copyOf(handler.additional.values()), handler.inherited.keySet(),
					handler.blank);
		}
		catch (BindException ex) {
			handler.explain(ex);
			throw (ex.getCause() instanceof InvalidConfigurationPropertyValueException invalid) ? invalid : ex;
		}
	}

	/**
	 * Spring Boot would report the names of constants in the code, also where a list has
	 * others, and the type of a group that is set to a value.
	 */
	private void explain(BindException failure) {
		String name = failure.getName().toString();
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof ConversionFailedException failed && failed.getTargetType().getType().isEnum()) {
				throw new InvalidConfigurationPropertyValueException(name, failed.getValue(),
						"It is none of %s: set it to one of these"
							.formatted(Stream.of(failed.getTargetType().getType().getEnumConstants())
								.map((constant) -> constant.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
								.collect(Collectors.joining(", "))));
			}
			if (cause instanceof ConverterNotFoundException missing && missing.getTargetType().getType().isRecord()) {
				throw new InvalidConfigurationPropertyValueException(name,
						find(failure.getName()).map(ConfigurationProperty::getValue).orElse(null),
						"It is a group, and not a property: set %s"
							.formatted(Stream.of(missing.getTargetType().getType().getRecordComponents())
								.map((component) -> "'%s.%s'".formatted(name,
										DataObjectPropertyName.toDashedForm(component.getName())))
								.collect(Collectors.joining(" or "))));
			}
		}
	}

	@Override
	public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
		Inherited mark = target.getAnnotation(Inherited.class);
		this.marks.put(name, (mark != null) ? mark : this.marks.get(name.getParent()));
		if (ADDITIONAL.isParentOf(name)) {
			inherit(name);
		}
		if (target.getType().resolve() == Map.class) {
			this.map = name;
		}
		// A blank text is converted to no path and no constant, and one that is inherited
		// would hide it. A list would end at a blank element
		if (name.isLastElementIndexed() || rules(target).stream().anyMatch(Valid.Rule::refusesBlank)) {
			Stream.of(name, name.append("[0]"))
				.forEach((written) -> this.own.bind(written, Bindable.of(String.class))
					.ifBound((text) -> Valid.Rule.NOT_BLANK.require(written, text)));
		}
		return super.onStart(name, target, context);
	}

	/** Copies what an additional certificate inherits unless it sets it itself. */
	private void inherit(ConfigurationPropertyName certificate) {
		this.marks.forEach((name, mark) -> {
			if (mark != null && !ADDITIONAL.isAncestorOf(name) && !isReplaced(mark, certificate)) {
				ConfigurationPropertyName own = certificate.append(name.subName(FIRST.getNumberOfElements()));
				if (!isSet(own)) {
					find(name).ifPresent((property) -> this.inherited.put(own, property));
				}
			}
		});
	}

	private boolean isReplaced(Inherited mark, ConfigurationPropertyName certificate) {
		return StringUtils.commaDelimitedListToSet(mark.unless())
			.stream()
			.anyMatch((name) -> isSet(certificate.append(name)));
	}

	/**
	 * A blank value sets nothing. A list may be written as its elements; if the first one
	 * is missing, that is reported, as long as nothing inherited takes its place.
	 */
	private boolean isSet(ConfigurationPropertyName name) {
		return this.own.bind(name, Bindable.of(Object.class)).map((value) -> !value.toString().isBlank()).orElse(false)
				|| this.sources.stream()
					.anyMatch((source) -> source instanceof IterableConfigurationPropertySource names && names.stream()
						.anyMatch((element) -> name.isParentOf(element) && element.isLastElementIndexed()));
	}

	/**
	 * A blank text, as from {@code ${NAME:}}, counts as none unless a rule forbids it.
	 */
	@Override
	public @Nullable Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Object result) {
		if (result instanceof String text && text.isBlank() && !this.map.isParentOf(name)) {
			return null;
		}
		rules(target).forEach((rule) -> rule.require(name, result));
		// An inherited one has another name. After a group, it is the one that was bound
		// last
		ConfigurationProperty property = context.getConfigurationProperty();
		if (property != null && property.getName().equals(name) && ADDITIONAL.isAncestorOf(name)) {
			ConfigurationPropertyName certificate = name.chop(ADDITIONAL_LENGTH);
			this.additional.merge(certificate, certificate, AS_WRITTEN);
		}
		return super.onSuccess(name, target, context, result);
	}

	@Override
	public void onFinish(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			@Nullable Object result) throws Exception {
		boolean entry = this.map.isParentOf(name) && target.getType().resolve() == String.class;
		if (!entry && !name.isLastElementIndexed()) {
			find(name)
				.filter((property) -> property.getValue() instanceof CharSequence text
						&& this.environment.resolvePlaceholders(text.toString()).isBlank())
				.ifPresent(this.blank::add);
		}
		super.onFinish(name, target, context, result);
	}

	private Optional<ConfigurationProperty> find(ConfigurationPropertyName name) {
		return this.sources.stream()
			.flatMap((source) -> Stream.ofNullable(source.getConfigurationProperty(name)))
			.findFirst();
	}

	private static List<Valid.Rule> rules(Bindable<?> target) {
		Valid valid = target.getAnnotation(Valid.class);
		return (valid != null) ? List.of(valid.value()) : List.of();
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
	 * @param additional the names of the additional certificates, with their prefixes
	 * @param inherited the names of the properties whose values are inherited
	 * @param blank the properties that are written, but blank
	 */
	record Bound(ApplicationProperties application, CertificateProperties first,
			List<ConfigurationPropertyName> additional, Set<ConfigurationPropertyName> inherited,
			List<ConfigurationProperty> blank) {

		/** Returns the names of the first certificate's properties. */
		PropertyNames names() {
			return new PropertyNames(PropertyNames.PREFIX, Set.of(),
					this.blank.stream().filter((property) -> !ADDITIONAL.isAncestorOf(property.getName())).toList());
		}

		/** Returns the names of an additional certificate's properties. */
		PropertyNames names(ConfigurationPropertyName certificate) {
			return new PropertyNames(certificate.toString(), this.inherited,
					this.blank.stream()
						.filter((property) -> certificate.isAncestorOf(property.getName()) || this.inherited
							.contains(certificate.append(property.getName().subName(FIRST.getNumberOfElements()))))
						.toList());
		}

	}

}
