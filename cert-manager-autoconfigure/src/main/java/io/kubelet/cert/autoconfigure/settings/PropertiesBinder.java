package io.kubelet.cert.autoconfigure.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.kubelet.Profile;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Bindable.BindRestriction;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.core.convert.ConverterNotFoundException;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

import static io.kubelet.cert.autoconfigure.settings.PropertyNames.ADDITIONAL;
import static io.kubelet.cert.autoconfigure.settings.PropertyNames.FIRST;

/**
 * Binds the properties as they are written, and then each additional certificate again,
 * together with what it inherits from the first one. As a handler, it reports values that
 * a property does not accept. A blank text, as from {@code ${NAME:}}, counts as none; in
 * a map it is a value, and in a list a mistake.
 */
final class PropertiesBinder extends AbstractBindHandler {

	/** An environment variable lacks hyphens and capitals, which sort before letters. */
	private static final BinaryOperator<ConfigurationPropertyName> AS_WRITTEN = BinaryOperator
		.minBy(Comparator.comparing((name) -> name.getLastElement(Form.ORIGINAL)));

	private final Environment environment;

	private final List<ConfigurationPropertySource> sources = new ArrayList<>();

	/** The properties and groups that exist, at least next to those that are set. */
	private final Map<ConfigurationPropertyName, Bindable<?>> known = new LinkedHashMap<>();

	/** What was bound to a value of its own, and not only looked for. */
	private final Set<ConfigurationPropertyName> bound = new HashSet<>();

	/** What is written, but blank. */
	private final Set<ConfigurationProperty> blank = new LinkedHashSet<>();

	/** The additional certificates of which anything is set. */
	private final Map<ConfigurationPropertyName, ConfigurationPropertyName> additional = new LinkedHashMap<>();

	private PropertiesBinder(Environment environment) {
		this.environment = environment;
		ConfigurationPropertySources.get(environment).forEach(this.sources::add);
	}

	static Bound bind(Environment environment) {
		return bind(environment, true);
	}

	/** Binds again what has been reported, or reports unknown properties as well. */
	static Bound bind(Environment environment, boolean report) {
		try {
			return new PropertiesBinder(environment).bind(report);
		}
		catch (BindException ex) {
			throw (ex.getCause() instanceof InvalidConfigurationPropertyValueException invalid) ? invalid : ex;
		}
	}

	private Bound bind(boolean report) {
		List<SettingsResolver> certificates = new ArrayList<>();
		certificates.add(bind(FIRST, Map.of(), Profile.KUBELET_CLIENT.pairName()));
		List<ConfigurationProperty> inheritable = this.known.keySet()
			.stream()
			.filter((name) -> mark(name) != null && (!isOfList(name) || this.bound.contains(name)))
			.flatMap(this::find)
			.toList();
		ApplicationProperties application = bind(FIRST, ApplicationProperties.class, Map.of());
		if (report) {
			new UnknownProperties(this.known).report(this.sources, application.ignoreUnknownProperties());
		}
		application.additional().clear();
		for (ConfigurationPropertyName certificate : List.copyOf(this.additional.values())) {
			String name = certificate.getLastElement(Form.ORIGINAL);
			SettingsResolver bound = bind(certificate, inherited(certificate, inheritable), name);
			application.additional().put(name, bound.properties());
			certificates.add(bound);
		}
		return new Bound(application, certificates, List.copyOf(this.blank));
	}

	private SettingsResolver bind(ConfigurationPropertyName certificate,
			Map<ConfigurationPropertyName, ConfigurationProperty> inherited, String name) {
		CertificateProperties properties = bind(certificate, CertificateProperties.class, inherited);
		Stream<ConfigurationProperty> blank = Stream.concat(inherited.values().stream().filter(this::isBlank),
				this.blank.stream().filter((property) -> certificate.isAncestorOf(property.getName())));
		return new SettingsResolver(new PropertyNames(certificate.toString(), inherited.keySet(), blank.toList()),
				properties, name);
	}

	private <T> T bind(ConfigurationPropertyName name, Class<T> type,
			Map<ConfigurationPropertyName, ConfigurationProperty> inherited) {
		// The text of a config tree has a type that the binder does not convert to a path
		return new Binder(Stream.concat(Stream.of(new InheritedSource(inherited)), this.sources.stream()).toList(),
				(value) -> (value instanceof CharSequence text)
						? this.environment.resolveRequiredPlaceholders(text.toString()) : value)
			// A value of the prefix itself, as from a variable KUBELET_CERT, is ignored
			.bindOrCreate(name, Bindable.of(type).withBindRestrictions(BindRestriction.NO_DIRECT_PROPERTY), this);
	}

	/** Returns the mark of a property, or that of its group. */
	private @Nullable Inherited mark(ConfigurationPropertyName name) {
		Bindable<?> target = this.known.get(name);
		Inherited mark = (target != null) ? target.getAnnotation(Inherited.class) : null;
		return (mark != null || target == null) ? mark : mark(name.getParent());
	}

	/**
	 * One source replaces the whole list of another one, in whatever form it is written.
	 */
	private boolean isOfList(ConfigurationPropertyName name) {
		return name.isLastElementIndexed()
				|| Objects.requireNonNull(this.known.get(name)).getType().resolve() == List.class;
	}

	/** Returns what an additional certificate inherits, by its own names. */
	private Map<ConfigurationPropertyName, ConfigurationProperty> inherited(ConfigurationPropertyName certificate,
			List<ConfigurationProperty> inheritable) {
		Map<ConfigurationPropertyName, ConfigurationProperty> inherited = new LinkedHashMap<>();
		for (ConfigurationProperty property : inheritable) {
			ConfigurationPropertyName own = certificate.append(property.getName().subName(FIRST.getNumberOfElements()));
			Inherited mark = Objects.requireNonNull(mark(property.getName()));
			if (!isSet(own) && StringUtils.commaDelimitedListToSet(mark.unless())
				.stream()
				.map(certificate::append)
				.noneMatch(this::isSet)) {
				inherited.put(own, property);
			}
		}
		return inherited;
	}

	/** A list may be written as its elements. */
	private boolean isSet(ConfigurationPropertyName name) {
		return Stream.of(name, name.append("[0]")).flatMap(this::find).anyMatch((property) -> !isBlank(property));
	}

	/** Finds what is written for a property. */
	private Stream<ConfigurationProperty> find(ConfigurationPropertyName name) {
		return this.sources.stream()
			.flatMap((source) -> Stream.ofNullable(source.getConfigurationProperty(name)))
			.limit(1);
	}

	private @Nullable Object written(ConfigurationPropertyName name) {
		return find(name).map(ConfigurationProperty::getValue).findFirst().orElse(null);
	}

	private boolean isBlank(ConfigurationProperty property) {
		return property.getValue() instanceof CharSequence text
				&& this.environment.resolvePlaceholders(text.toString()).isBlank();
	}

	/** Returns whether a name is that of a text in a map. */
	private boolean isEntry(ConfigurationPropertyName name) {
		Bindable<?> parent = this.known.get(name.getParent());
		return parent != null && parent.getType().getGeneric(1).resolve() == String.class;
	}

	private static Stream<Valid.Rule> rules(Bindable<?> target) {
		Valid valid = target.getAnnotation(Valid.class);
		return (valid != null) ? Stream.of(valid.value()) : Stream.empty();
	}

	@Override
	public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target, BindContext context) {
		this.known.put(name, target);
		find(name).filter((property) -> isBlank(property) && !isEntry(name)).forEach((property) -> {
			// It is converted to no path and no constant, and would end a list
			if (name.isLastElementIndexed() || rules(target).anyMatch(Valid.Rule::refusesBlank)) {
				Valid.Rule.NOT_BLANK.require(name, "");
			}
			this.blank.add(property);
		});
		return super.onStart(name, target, context);
	}

	@Override
	public @Nullable Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Object result) {
		if (result instanceof String text && text.isBlank() && !isEntry(name)) {
			return null;
		}
		if (result instanceof List<?> list
				&& list.stream().anyMatch((element) -> Objects.toString(element, "").isBlank())) {
			throw new InvalidConfigurationPropertyValueException(name.toString(), written(name),
					"An element of the list is empty, as from a placeholder without a value: remove it, or set it");
		}
		rules(target).forEach((rule) -> rule.require(name, result));
		ConfigurationProperty property = context.getConfigurationProperty();
		if (property != null && property.getName().equals(name)) {
			this.bound.add(name);
			if (ADDITIONAL.isAncestorOf(name)) {
				ConfigurationPropertyName certificate = name.chop(ADDITIONAL.getNumberOfElements() + 1);
				this.additional.merge(certificate, certificate, AS_WRITTEN);
			}
		}
		return super.onSuccess(name, target, context, result);
	}

	/**
	 * Spring Boot would report the names of constants in the code, also where a list has
	 * others, and the type of a group that is set to a value.
	 */
	@Override
	public @Nullable Object onFailure(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Exception error) throws Exception {
		for (Throwable cause = error; cause != null; cause = cause.getCause()) {
			if (cause instanceof ConversionFailedException failed && failed.getTargetType().getType().isEnum()) {
				throw new InvalidConfigurationPropertyValueException(name.toString(), failed.getValue(),
						"It is none of %s: set it to one of these"
							.formatted(Stream.of(failed.getTargetType().getType().getEnumConstants())
								.map((constant) -> constant.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
								.collect(Collectors.joining(", "))));
			}
			if (cause instanceof ConverterNotFoundException missing && missing.getTargetType().getType().isRecord()) {
				throw new InvalidConfigurationPropertyValueException(name.toString(), written(name),
						"It is a group, and not a property: set %s"
							.formatted(Stream.of(missing.getTargetType().getType().getRecordComponents())
								.map((component) -> "'%s.%s'".formatted(name,
										DataObjectPropertyName.toDashedForm(component.getName())))
								.collect(Collectors.joining(" or "))));
			}
		}
		return super.onFailure(name, target, context, error);
	}

	/** Contains what an additional certificate inherits, by its own names. */
	private record InheritedSource(Map<ConfigurationPropertyName, ConfigurationProperty> inherited)
			implements
				IterableConfigurationPropertySource {

		@Override
		public @Nullable ConfigurationProperty getConfigurationProperty(ConfigurationPropertyName name) {
			return this.inherited.get(name);
		}

		@Override
		public Stream<ConfigurationPropertyName> stream() {
			return this.inherited.keySet().stream();
		}

	}

	/**
	 * What was bound.
	 *
	 * @param application the properties of the whole application
	 * @param certificates the properties of the certificates
	 * @param blank the properties that are written, but blank
	 */
	record Bound(ApplicationProperties application, List<SettingsResolver> certificates,
			List<ConfigurationProperty> blank) {

	}

}
