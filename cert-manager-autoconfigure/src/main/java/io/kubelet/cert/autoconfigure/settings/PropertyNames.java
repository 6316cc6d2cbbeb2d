package io.kubelet.cert.autoconfigure.settings;

import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * The full names of a certificate's properties, and the reports of their values.
 *
 * @param prefix the prefix of the certificate's own properties
 * @param inherited the properties, with their prefixes, whose values come from the first
 * certificate
 * @param blank what is written for the certificate, but has a blank value and so counts
 * as none
 */
public record PropertyNames(String prefix, Set<ConfigurationPropertyName> inherited,
		List<ConfigurationProperty> blank) {

	/** The prefix of all properties, which is that of the first certificate. */
	public static final String PREFIX = "kubelet.cert";

	static final ConfigurationPropertyName FIRST = ConfigurationPropertyName.of(PREFIX);

	static final ConfigurationPropertyName ADDITIONAL = FIRST.append("additional");

	private static final Pattern OTHER = Pattern.compile("\\{([a-z.-]+)}");

	private static final Set<Kind> OF_SERVER = Set.of(Kind.UNAVAILABLE, Kind.UNTRUSTED, Kind.UNAUTHORIZED,
			Kind.FORBIDDEN);

	/**
	 * Returns the full name of a property or a group. For one that is inherited from the
	 * first certificate it is the name there.
	 * @param property the name without the prefix
	 * @return the full name
	 */
	public String of(String property) {
		ConfigurationPropertyName own = ConfigurationPropertyName.of(this.prefix + "." + property);
		return this.inherited.stream().anyMatch((name) -> own.equals(name) || own.isAncestorOf(name))
				? PREFIX + "." + property : own.toString();
	}

	/**
	 * Returns the report of a value that cannot be used.
	 * @param property the property's name without the prefix
	 * @param value the value, {@code null} if it is missing
	 * @param reason what is wrong and what to do, with the names of other properties in
	 * braces and without the prefix
	 * @param arguments the arguments that the reason refers to
	 * @return the exception to throw
	 */
	public InvalidConfigurationPropertyValueException invalid(String property, @Nullable Object value, String reason,
			@Nullable Object... arguments) {
		String named = OTHER.matcher(reason).replaceAll((other) -> Matcher.quoteReplacement(of(other.group(1))));
		List<ConfigurationProperty> ignored = this.blank.stream()
			.filter((blank) -> value == null || named.contains("'" + blank.getName() + "'"))
			.toList();
		return new InvalidConfigurationPropertyValueException(of(property), value,
				(ignored.isEmpty() ? "" : "A blank value counts as none: " + describe(ignored) + ". ")
						+ named.formatted(arguments));
	}

	/** Describes properties with what is written and where. */
	static String describe(List<ConfigurationProperty> properties) {
		return properties.stream()
			.map((property) -> "'%s%s' (%s)".formatted(property.getName(),
					property.getValue().toString().isBlank() ? "" : "=" + property.getValue(), property.getOrigin()))
			.collect(Collectors.joining(", "));
	}

	/**
	 * Reports the value of a property unless a condition is met.
	 * @param condition whether the value can be used
	 * @param property the property's name without the prefix
	 * @param value the value, {@code null} if it is missing
	 * @param otherwise what is wrong otherwise: see {@link #invalid}
	 * @param arguments the arguments that the reason refers to
	 */
	public void require(boolean condition, String property, @Nullable Object value, String otherwise,
			@Nullable Object... arguments) {
		if (!condition) {
			throw invalid(property, value, otherwise, arguments);
		}
	}

	/**
	 * Returns the result of a check, and reports the property if the check fails. An API
	 * server that is unavailable or denies access is reported as it is.
	 * @param property the property's name without the prefix
	 * @param value the value
	 * @param check uses the value
	 * @param <T> the type of the result
	 * @return the result
	 */
	public <T> T check(String property, @Nullable Object value, Supplier<T> check) {
		try {
			return check.get();
		}
		catch (IllegalArgumentException | CertificateManagerException ex) {
			if (OF_SERVER.contains(Kind.of(ex))) {
				throw ex;
			}
			throw new InvalidConfigurationPropertyValueException(of(property), value, String.valueOf(ex.getMessage()));
		}
	}

}
