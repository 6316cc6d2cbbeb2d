package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * One certificate's properties and where they stand.
 *
 * @param prefix the prefix of its properties
 * @param name the certificate's name
 * @param certDir the directory of its files
 * @param properties the properties
 */
record CertificateSettings(String prefix, String name, Path certDir, CertificateProperties properties) {

	private static final Path DEFAULT_CERT_DIR = Path.of("/var/lib/kubelet/pki");

	private static final String DEFAULT_PAIR_NAME = "kubelet-client";

	static CertificateSettings first(CertificateProperties properties) {
		return new CertificateSettings(CertificateProperties.PREFIX,
				Objects.requireNonNullElse(properties.pairName(), DEFAULT_PAIR_NAME),
				Objects.requireNonNullElse(properties.certDir(), DEFAULT_CERT_DIR), properties);
	}

	/** A further certificate lives in the directory of the first, if in no other. */
	CertificateSettings additional(String name, CertificateProperties properties) {
		return new CertificateSettings(this.prefix + ".additional." + name,
				Objects.requireNonNullElse(properties.pairName(), name),
				Objects.requireNonNullElse(properties.certDir(), this.certDir), properties);
	}

	String bundleName() {
		return Objects.requireNonNullElse(this.properties.ssl().bundle(), this.name);
	}

	String property(String name) {
		return this.prefix + "." + name;
	}

	<T> T check(String property, Object value, Supplier<T> check) {
		try {
			return check.get();
		}
		catch (IllegalArgumentException ex) {
			throw invalid(property, value, String.valueOf(ex.getMessage()));
		}
	}

	InvalidConfigurationPropertyValueException invalid(String property, @Nullable Object value, String reason) {
		return new InvalidConfigurationPropertyValueException(property(property), value, reason);
	}

}
