package io.kubelet.cert.autoconfigure.settings;

import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.request.IssuerReference;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * Resolves which issuer of cert-manager issues a certificate, if one does. A signer or a
 * profile that an additional certificate sets itself replaces an inherited issuer.
 */
final class IssuerResolver {

	private static final String NAME = "issuer.name";

	private static final Set<String> ALTERNATIVES = Set.of("signer-name", "profile");

	private final PropertyNames names;

	private final CertificateProperties properties;

	IssuerResolver(PropertyNames names, CertificateProperties properties) {
		this.names = names;
		this.properties = properties;
	}

	/** The names of objects, kinds and API groups are checked as the API server does. */
	@Nullable Issuer resolve() {
		CertificateProperties.Issuer issuer = this.properties.issuer();
		boolean replaced = this.names.inherited().contains(NAME)
				&& ALTERNATIVES.stream().anyMatch(this.names.own()::contains);
		if (issuer.name() == null || replaced) {
			requireNothingElse(issuer);
			return null;
		}
		requireAlone(issuer.name());
		String name = require(NAME, issuer.name(), "[a-z0-9]([-.a-z0-9]*[a-z0-9])?",
				"the name of an object in Kubernetes");
		String kind = require("issuer.kind", Objects.requireNonNullElse(issuer.kind(), "Issuer"), "[A-Z][A-Za-z0-9]*",
				"a kind such as Issuer or ClusterIssuer");
		String group = require("issuer.group", Objects.requireNonNullElse(issuer.group(), IssuerReference.CERT_MANAGER),
				"[a-z0-9]([-.a-z0-9]*[a-z0-9])?", "an API group such as cert-manager.io");
		if (issuer.namespace() != null) {
			require("issuer.namespace", issuer.namespace(), "[a-z0-9]([-a-z0-9]*[a-z0-9])?", "the name of a namespace");
		}
		return new Issuer(new IssuerReference(kind, name, group), issuer.namespace(), issuer.annotations());
	}

	/** Without a name, another property of the issuer would have no effect. */
	private void requireNothingElse(CertificateProperties.Issuer issuer) {
		String other = (issuer.kind() != null) ? "kind" : (issuer.group() != null) ? "group"
				: (issuer.namespace() != null) ? "namespace" : issuer.annotations().isEmpty() ? "name" : "annotations";
		if (issuer.name() == null && !other.equals("name") && !this.names.inherited().contains("issuer." + other)) {
			throw this.names.invalid(NAME, null,
					"The issuer has no name, but '%s' is set: set the name as well, or remove the other properties of the issuer"
						.formatted(this.names.of("issuer." + other)));
		}
	}

	private void requireAlone(String name) {
		if (this.properties.signerName() != null) {
			throw alternative(name, "signer-name");
		}
		if (this.properties.profile() != null) {
			throw alternative(name, "profile");
		}
	}

	private InvalidConfigurationPropertyValueException alternative(String name, String other) {
		return this.names.invalid(NAME, name,
				"There is '%s' as well: remove it, or remove the properties of the issuer ('%s')"
					.formatted(this.names.of(other), this.names.of("issuer")));
	}

	private String require(String property, String value, String pattern, String what) {
		if (!value.matches(pattern)) {
			throw this.names.invalid(property, value, "It is not " + what);
		}
		return value;
	}

}
