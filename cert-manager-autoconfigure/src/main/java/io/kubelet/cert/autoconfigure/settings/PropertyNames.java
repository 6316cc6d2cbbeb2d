package io.kubelet.cert.autoconfigure.settings;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.ReadableDuration;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * The full names of a certificate's properties, for messages.
 *
 * @param prefix the prefix of the certificate's own properties
 * @param own the properties that an additional certificate sets itself
 * @param inherited the properties whose values come from the first certificate
 */
public record PropertyNames(String prefix, Set<String> own, Set<String> inherited) {

	/** The prefix of all properties, which is that of the first certificate. */
	public static final String PREFIX = "kubelet.cert";

	PropertyNames(String prefix) {
		this(prefix, new HashSet<>(), new HashSet<>());
	}

	/**
	 * Returns the full name of a property. For a property that is inherited from the
	 * first certificate it is the name there.
	 * @param property the name without the prefix
	 * @return the full name
	 */
	public String of(String property) {
		return (this.inherited.contains(property) ? PREFIX : this.prefix) + "." + property;
	}

	/**
	 * Returns the report of a value that cannot be used.
	 * @param property the property's name without the prefix
	 * @param value the value, {@code null} if it is missing
	 * @param reason what is wrong and what to do
	 * @return the exception to throw
	 */
	public InvalidConfigurationPropertyValueException invalid(String property, @Nullable Object value, String reason) {
		return new InvalidConfigurationPropertyValueException(of(property), value, reason);
	}

	/**
	 * Returns the result of a check, and reports the property if the check fails. A
	 * service that is unavailable or denies access is reported as it is.
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
			if (Kind.of(ex) == Kind.UNAVAILABLE || Kind.of(ex) == Kind.UNAUTHORIZED) {
				throw ex;
			}
			throw invalid(property, value, String.valueOf(ex.getMessage()));
		}
	}

	void require(String property, String value, String pattern, String otherwise) {
		if (!value.matches(pattern)) {
			throw invalid(property, value, otherwise);
		}
	}

	Duration positive(String property, Duration duration) {
		if (duration.isNegative() || duration.isZero()) {
			throw invalid(property, text(duration), "The duration must be positive: for example, set it to 60s");
		}
		return duration;
	}

	Duration notNegative(String property, Duration duration) {
		if (duration.isNegative()) {
			throw invalid(property, text(duration), "The duration must not be negative: set it to 0s or more");
		}
		return duration;
	}

	private static String text(Duration duration) {
		return duration.isZero() ? "0s" : "-" + ReadableDuration.of(duration.negated());
	}

}
