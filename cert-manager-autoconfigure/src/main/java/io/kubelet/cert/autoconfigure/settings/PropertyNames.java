package io.kubelet.cert.autoconfigure.settings;

import java.time.Duration;
import java.util.Set;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.ReadableDuration;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * The full names of a certificate's properties, for messages.
 *
 * @param prefix the prefix of the certificate's own properties
 * @param inherited the properties whose values come from the first certificate
 */
record PropertyNames(String prefix, Set<String> inherited) {

	/**
	 * Returns the name under which a property is set, or can be set.
	 */
	String of(String property) {
		return (this.inherited.contains(property) ? CertManagerProperties.PREFIX : this.prefix) + "." + property;
	}

	InvalidConfigurationPropertyValueException invalid(String property, @Nullable Object value, String reason) {
		return new InvalidConfigurationPropertyValueException(of(property), value, reason);
	}

	/**
	 * Returns the result of a check, and reports the property if the check fails.
	 */
	<T> T check(String property, @Nullable Object value, Supplier<T> check) {
		try {
			return check.get();
		}
		catch (IllegalArgumentException | CertificateManagerException ex) {
			throw invalid(property, value, String.valueOf(ex.getMessage()));
		}
	}

	Duration positive(String property, Duration duration) {
		if (duration.isNegative() || duration.isZero()) {
			throw invalid(property, text(duration),
					"The duration must be longer than nothing: set it to 60s, for example");
		}
		return duration;
	}

	Duration notNegative(String property, Duration duration) {
		if (duration.isNegative()) {
			throw invalid(property, text(duration),
					"The duration must not be negative: set it to 0s for no time at all");
		}
		return duration;
	}

	private static String text(Duration duration) {
		return duration.isZero() ? "0s" : "-" + ReadableDuration.of(duration.negated());
	}

}
