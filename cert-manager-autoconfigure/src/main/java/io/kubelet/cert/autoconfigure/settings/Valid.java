package io.kubelet.cert.autoconfigure.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Predicate;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * States which values a property accepts. {@link PropertiesBinder} reports any other one.
 */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@interface Valid {

	/** The rules that values comply with. */
	Rule[] value();

	/**
	 * The rules.
	 */
	enum Rule {

		POSITIVE((value) -> ((Duration) value).compareTo(Duration.ZERO) > 0,
				"The duration must be positive: for example, set it to 60s"),

		NOT_NEGATIVE((value) -> !((Duration) value).isNegative(),
				"The duration must not be negative: set it to 0s or more"),

		/**
		 * Otherwise a blank value counts as none, and the default would be used in its
		 * place: another node, or other authorities.
		 */
		NOT_BLANK((value) -> !value.toString().isBlank(),
				"It is blank, as from an environment variable without a value: set it, or remove the property"),

		TRUE(Boolean.TRUE::equals, "It has no other value than 'true': set it to that, or remove the property"),

		DIRECTORY((value) -> !Files.exists((Path) value, LinkOption.NOFOLLOW_LINKS) || Files.isDirectory((Path) value),
				"It is a file, or a link to nothing: set it to a directory"),

		ONE_OR_MORE((value) -> ((Number) value).doubleValue() >= 1, "It is too small: set it to 1 or more"),

		FRACTION((value) -> (double) value >= 0 && (double) value <= 1,
				"It is no fraction: set it to a value from 0 to 1"),

		SIGNER_NAME((value) -> value.toString().matches("[-a-z0-9]+(\\.[-a-z0-9]+)+/[-a-zA-Z0-9_.:]+"),
				"A signer name is a lower-case domain, a slash and a path, such as kubernetes.io/kubelet-serving"),

		NAME((value) -> value.toString().matches("[-.a-z0-9]+"),
				"It is not a name in Kubernetes: use lower-case letters, digits, '-' and '.'"),

		KIND((value) -> value.toString().matches("[A-Z]\\w*"), "It is not a kind such as Issuer or ClusterIssuer"),

		SECRET((value) -> value.toString().matches("([-a-z0-9]+/)?[-.a-z0-9]+"),
				"It is not the name of a Secret, optionally after its namespace, such as shop-tls or shop/shop-tls"),

		CONFIG_MAP((value) -> value.toString().matches("([-a-z0-9]+/)?[-.a-z0-9]+(:[-._a-zA-Z0-9]+)?"),
				"It is not the name of a ConfigMap, optionally after its namespace and before a key, such as internal-ca, shop/internal-ca or internal-ca:bundle.pem");

		private final Predicate<Object> accepts;

		private final String problem;

		Rule(Predicate<Object> accepts, String problem) {
			this.accepts = accepts;
			this.problem = problem;
		}

		/** Whether a blank value is reported, and does not count as none. */
		boolean refusesBlank() {
			return this == NOT_BLANK || this == TRUE || this == CONFIG_MAP;
		}

		boolean accepts(Object value) {
			return this.accepts.test(value);
		}

		/** Reports a value that does not comply with this rule. */
		void require(ConfigurationPropertyName name, Object value) {
			if (!accepts(value)) {
				throw new InvalidConfigurationPropertyValueException(name.toString(), value, this.problem);
			}
		}

	}

}
