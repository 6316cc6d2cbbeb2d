package io.kubelet.cert.autoconfigure.settings;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.kubelet.cert.autoconfigure.settings.CertificateProperties.Store;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.AddressSourceKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Request;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * Resolves the Secret in which replicas share a certificate. A certificate that is valid
 * for one node or one pod cannot be shared.
 */
final class SecretResolver {

	private static final String TYPE = "store.type";

	private static final String SECRET = "store.secret";

	/** As the API server validates it. */
	private static final Pattern REFERENCE = Pattern
		.compile("(?:(?<namespace>[a-z0-9]([-a-z0-9]*[a-z0-9])?)/)?(?<name>[a-z0-9]([-.a-z0-9]*[a-z0-9])?)");

	/** The Secret states in a label which certificate it is for. */
	private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");

	private final PropertyNames names;

	private final CertificateProperties properties;

	SecretResolver(PropertyNames names, CertificateProperties properties) {
		this.names = names;
		this.properties = properties;
	}

	@Nullable SharedSecret resolve(String certificate, Request request) {
		Store store = this.properties.store();
		if (store.type() == Store.Type.FILE) {
			if (store.secret() != null) {
				throw this.names.invalid(SECRET, store.secret(),
						"Pairs are stored in files: set '%s' to 'secret', or remove this property"
							.formatted(this.names.of(TYPE)));
			}
			return null;
		}
		requireShareable(request);
		if (!LABEL.matcher(certificate).matches()) {
			throw this.names.invalid("pair-name", certificate,
					"The name becomes a label of the Secret: use at most 63 letters, digits, '-', '_' and '.'");
		}
		if (store.secret() == null && this.properties.pairName() == null
				&& this.names.prefix().equals(PropertyNames.PREFIX)) {
			throw this.names.invalid(SECRET, null,
					"Name the Secret, such as shop-tls: with the default, two applications of a namespace would share one certificate");
		}
		String reference = Objects.requireNonNullElse(store.secret(), certificate);
		Matcher parts = REFERENCE.matcher(reference);
		if (!parts.matches()) {
			throw this.names.invalid(SECRET, reference,
					"It is not the name of a Secret, optionally after its namespace, such as shop-tls or shop/shop-tls");
		}
		return new SharedSecret(parts.group("namespace"), parts.group("name"),
				Objects.requireNonNullElse(store.copy(), this.properties.certDir() != null));
	}

	private void requireShareable(Request request) {
		String commonName = request.template().commonName();
		if (this.properties.profile() != null || (commonName != null && commonName.startsWith(Profile.NODE_PREFIX))) {
			throw notShareable("it identifies one node ('%s')"
				.formatted(this.names.of((this.properties.profile() != null) ? "profile" : "template.common-name")));
		}
		if (request.addresses().source() != AddressSourceKind.FIXED) {
			throw notShareable(
					"it states the addresses of one replica ('%s')".formatted(this.names.of("addresses.source")));
		}
		if (this.properties.tlsCertFile() != null) {
			throw notShareable("it is in files ('%s')".formatted(this.names.of("tls-cert-file")));
		}
	}

	private InvalidConfigurationPropertyValueException notShareable(String reason) {
		return this.names.invalid(TYPE, "secret",
				"Replicas cannot share this certificate, because %s: set '%s.%s' to 'file', or change what the certificate states"
					.formatted(reason, this.names.prefix(), TYPE));
	}

}
