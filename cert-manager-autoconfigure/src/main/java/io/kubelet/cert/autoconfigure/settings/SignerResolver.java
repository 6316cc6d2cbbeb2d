package io.kubelet.cert.autoconfigure.settings;

import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.AddressSourceKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Signer;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.IssuerReference;
import org.jspecify.annotations.Nullable;

/**
 * Resolves which signer, or which issuer of cert-manager, issues a certificate. A signer
 * or a profile that an additional certificate sets itself replaces an inherited issuer.
 * Names are checked as the API server does.
 */
final class SignerResolver {

	/** A domain, a slash and a path. */
	private static final String SIGNER_NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+/"
			+ "[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?([.:][a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?)*";

	private static final String SUBDOMAIN = "[a-z0-9]([-.a-z0-9]*[a-z0-9])?";

	private static final String ISSUER = "issuer.name";

	private static final Set<String> ALTERNATIVES = Set.of("signer-name", "profile");

	private final PropertyNames names;

	private final CertificateProperties properties;

	SignerResolver(PropertyNames names, CertificateProperties properties) {
		this.names = names;
		this.properties = properties;
	}

	@Nullable Signer resolve(CertificateTemplate template, AddressSourceKind source) {
		CertificateProperties.Issuer issuer = this.properties.issuer();
		boolean replaced = this.names.inherited().contains(ISSUER)
				&& ALTERNATIVES.stream().anyMatch(this.names.own()::contains);
		if (issuer.name() != null && !replaced) {
			return issuer(issuer, issuer.name());
		}
		requireNothingElse(issuer);
		Profile profile = this.properties.profile();
		String name = this.properties.signerName();
		if (name != null) {
			return new Signer(requireIssuing(name), this.names.of("signer-name"), null);
		}
		if (profile != null) {
			return new Signer(profile.signerName(), this.names.of("profile"), null);
		}
		String commonName = template.commonName();
		boolean kubelet = source == AddressSourceKind.FIXED && commonName != null
				&& template.equals(CertificateTemplate.ofSubject(commonName, Profile.NODES))
				&& commonName.startsWith(Profile.NODE_PREFIX);
		return kubelet ? new Signer(Profile.KUBELET_CLIENT.signerName(), "the subject of a kubelet", null) : null;
	}

	static void requireSignerName(PropertyNames names, String property, String name) {
		names.require(property, name, SIGNER_NAME,
				"A signer name is a lower-case domain, a slash and a path, such as kubernetes.io/kubelet-serving");
	}

	private String requireIssuing(String name) {
		requireSignerName(this.names, "signer-name", name);
		if (name.equals("kubernetes.io/legacy-unknown")) {
			throw this.names.invalid("signer-name", name,
					"The API server does not accept requests for this signer: name the signer that issues the certificate");
		}
		return name;
	}

	private Signer issuer(CertificateProperties.Issuer issuer, String name) {
		String other = (this.properties.signerName() != null) ? "signer-name"
				: (this.properties.profile() != null) ? "profile" : null;
		if (other != null) {
			throw this.names.invalid(ISSUER, name,
					"There is '%s' as well: remove it, or remove the properties of the issuer ('%s')"
						.formatted(this.names.of(other), this.names.of("issuer")));
		}
		String kind = Objects.requireNonNullElse(issuer.kind(), "Issuer");
		String group = Objects.requireNonNullElse(issuer.group(), IssuerReference.CERT_MANAGER);
		this.names.require(ISSUER, name, SUBDOMAIN, "It is not the name of an object in Kubernetes");
		this.names.require("issuer.kind", kind, "[A-Z][A-Za-z0-9]*",
				"It is not a kind such as Issuer or ClusterIssuer");
		this.names.require("issuer.group", group, SUBDOMAIN, "It is not an API group such as cert-manager.io");
		if (issuer.namespace() != null) {
			this.names.require("issuer.namespace", issuer.namespace(), "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
					"It is not the name of a namespace");
		}
		IssuerReference reference = new IssuerReference(kind, name, group);
		return new Signer(reference.toString(), this.names.of(ISSUER),
				new Issuer(reference, issuer.namespace(), issuer.annotations()));
	}

	/** Without a name, another property of the issuer would have no effect. */
	private void requireNothingElse(CertificateProperties.Issuer issuer) {
		String other = (issuer.kind() != null) ? "kind" : (issuer.group() != null) ? "group"
				: (issuer.namespace() != null) ? "namespace" : issuer.annotations().isEmpty() ? "name" : "annotations";
		if (issuer.name() == null && !other.equals("name") && !this.names.inherited().contains("issuer." + other)) {
			throw this.names.invalid(ISSUER, null,
					"The issuer has no name, but '%s' is set: set the name as well, or remove the other properties of the issuer"
						.formatted(this.names.of("issuer." + other)));
		}
	}

}
