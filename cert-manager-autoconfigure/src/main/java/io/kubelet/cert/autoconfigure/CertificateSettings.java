package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.CertificateProperties.AddressSourceKind;
import io.kubelet.cert.autoconfigure.CertificateProperties.Profile;
import io.kubelet.cert.autoconfigure.CertificateProperties.Template;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * One certificate's properties and where they stand.
 *
 * @param prefix the prefix of its properties
 * @param name the certificate's name
 * @param certDir the directory of its files
 * @param properties the properties
 * @param node what the certificates of the node share
 * @param defaults what is meant where the properties say nothing
 */
record CertificateSettings(String prefix, String name, Path certDir, CertificateProperties properties,
		NodeSettings node, ProfileDefaults defaults) {

	private static final Path DEFAULT_CERT_DIR = Path.of("/var/lib/kubelet/pki");

	static CertificateSettings first(CertificateProperties properties) {
		return of(CertificateProperties.PREFIX, Profile.KUBELET_CLIENT.pairName(), DEFAULT_CERT_DIR, properties, null);
	}

	/** A further certificate lives in the directory of the first, if in no other. */
	CertificateSettings additional(String name, CertificateProperties properties) {
		return of(this.prefix + ".additional." + name, name, this.certDir, properties, this.node);
	}

	private static CertificateSettings of(String prefix, String name, Path certDir, CertificateProperties properties,
			@Nullable NodeSettings first) {
		NodeSettings node = NodeSettings.of(prefix, properties, first);
		Profile profile = properties.profile();
		String pairName = (properties.pairName() != null) ? properties.pairName()
				: (profile != null) ? profile.pairName() : name;
		return new CertificateSettings(prefix, pairName, Objects.requireNonNullElse(properties.certDir(), certDir),
				properties, node, (profile != null) ? ProfileDefaults.of(profile, node.name(), node.configuration())
						: ProfileDefaults.NONE);
	}

	boolean rotates() {
		return Objects.requireNonNullElse(this.properties.rotateCertificates(), this.defaults.rotates());
	}

	String signerName() {
		return Objects.requireNonNullElse(this.properties.signerName(), this.defaults.signerName());
	}

	@Nullable Path tlsCertFile() {
		return hasFiles() ? this.properties.tlsCertFile() : this.defaults.tlsCertFile();
	}

	@Nullable Path tlsPrivateKeyFile() {
		return hasFiles() ? this.properties.tlsPrivateKeyFile() : this.defaults.tlsPrivateKeyFile();
	}

	private boolean hasFiles() {
		return this.properties.tlsCertFile() != null || this.properties.tlsPrivateKeyFile() != null;
	}

	Template template() {
		Template template = this.properties.template();
		return new Template((template.commonName() != null) ? template.commonName() : this.defaults.commonName(),
				template.organizations().isEmpty() ? this.defaults.organizations() : template.organizations(),
				template.dnsNames(), template.ipAddresses(), template.uris(), template.emailAddresses());
	}

	CertificateTemplate certificateTemplate() {
		Template template = template();
		return new CertificateTemplate(template.commonName(), template.organizations(), template.dnsNames(),
				check("template.ip-addresses", template.ipAddresses(),
						() -> template.ipAddresses().stream().map(CertificateNames::parseIpAddress).toList()),
				template.uris(), template.emailAddresses());
	}

	AddressSourceKind addressSource() {
		AddressSourceKind source = this.properties.addresses().source();
		if (source != null) {
			return source;
		}
		Template template = this.properties.template();
		return (template.dnsNames().isEmpty() && template.ipAddresses().isEmpty()) ? this.defaults.addresses()
				: AddressSourceKind.FIXED;
	}

	String bundleName() {
		return Objects.requireNonNullElse(this.properties.ssl().bundle(), this.name);
	}

	String property(String name) {
		return this.prefix + "." + name;
	}

	<T> T check(String property, @Nullable Object value, Supplier<T> check) {
		try {
			return check.get();
		}
		catch (IllegalArgumentException | CertificateManagerException ex) {
			throw invalid(property, value, String.valueOf(ex.getMessage()));
		}
	}

	Duration notNegative(String property, Duration duration) {
		if (duration.isNegative()) {
			throw invalid(property, duration, "It must not be negative: 0s for no time at all");
		}
		return duration;
	}

	InvalidConfigurationPropertyValueException invalid(String property, @Nullable Object value, String reason) {
		return new InvalidConfigurationPropertyValueException(property(property), value, reason);
	}

}
