package io.kubelet.cert.autoconfigure.settings;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.autoconfigure.settings.CertificateProperties.Template;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.AddressSourceKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Addresses;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Request;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.rotation.engine.RotationSettings;
import org.jspecify.annotations.Nullable;

/**
 * Resolves what is requested, and from which signer or issuer of cert-manager.
 *
 * @param names the names of the certificate's properties
 * @param properties the properties
 */
record RequestResolver(PropertyNames names, CertificateProperties properties) {

	private static final Duration SHORTEST_LIFETIME = Duration.ofMinutes(10);

	private static final int RSA_SIZE = 2048;

	Request resolve() {
		Addresses addresses = addresses();
		CertificateTemplate template = template(addresses.nodeName());
		Issuer issuer = issuer();
		return new Request(wanted(issuer, template, addresses.source()), issuer, this.properties.signerCaFile(),
				template, addresses,
				(this.properties.template().commonName() != null) ? "template.common-name" : "node-name");
	}

	private Addresses addresses() {
		Template template = this.properties.template();
		CertificateProperties.Addresses addresses = this.properties.addresses();
		boolean ofNode = this.properties.profile() == Profile.KUBELET_SERVING && template.dnsNames().isEmpty()
				&& template.ipAddresses().isEmpty();
		AddressSourceKind source = Objects.requireNonNullElse(addresses.source(),
				ofNode ? AddressSourceKind.NODE : AddressSourceKind.FIXED);
		this.names.require(addresses.interfaces().isEmpty() || source != AddressSourceKind.NODE, "addresses.interfaces",
				addresses.interfaces(),
				"The addresses are those of the Node object: set '{addresses.source}' to 'interfaces', or remove this property");
		return new Addresses(source, Set.copyOf(addresses.interfaces()), addresses.dnsOnly(), nodeName(source));
	}

	/** The host is asked for its name only if that is of use. */
	private String nodeName(AddressSourceKind source) {
		String configured = this.properties.nodeName();
		boolean used = configured != null || this.properties.profile() != null || source == AddressSourceKind.NODE
				|| source == AddressSourceKind.INTERFACES;
		return used ? this.names.check("node-name", configured, () -> NodeName.of(configured)) : "";
	}

	private CertificateTemplate template(String nodeName) {
		Template template = this.properties.template();
		boolean kubelet = this.properties.profile() != null;
		String commonName = template.commonName();
		List<String> organizations = template.organizations();
		return new CertificateTemplate((commonName == null && kubelet) ? Profile.NODE_PREFIX + nodeName : commonName,
				(organizations.isEmpty() && kubelet) ? List.of(Profile.NODES) : organizations, template.dnsNames(),
				this.names.check("template.ip-addresses", template.ipAddresses(),
						() -> template.ipAddresses().stream().map(CertificateNames::parseIpAddress).toList()),
				template.uris(), template.emailAddresses());
	}

	private @Nullable Issuer issuer() {
		CertificateProperties.Issuer issuer = this.properties.issuer();
		if (issuer == null) {
			return null;
		}
		String name = issuer.name();
		if (name == null) {
			throw this.names.invalid("issuer.name", null,
					"The issuer has no name, but other properties under '{issuer}' are set: set the name as well, or remove them");
		}
		String other = (this.properties.signerName() != null) ? "signer-name"
				: (this.properties.profile() != null) ? "profile" : null;
		this.names.require(other == null, "issuer.name", name,
				"There is '{" + other + "}' as well: remove it, or remove the properties of the issuer ('{issuer}')");
		return new Issuer(new IssuerReference(issuer.kind(), name, issuer.group()), issuer.namespace(),
				issuer.annotations());
	}

	private RotationSettings.Request wanted(@Nullable Issuer issuer, CertificateTemplate template,
			AddressSourceKind source) {
		if (issuer != null) {
			return wanted(issuer.reference().toString(), this.names.of("issuer.name"));
		}
		String name = this.properties.signerName();
		requireLifetimeOfSigner();
		if (name != null) {
			return wanted(name, this.names.of("signer-name"));
		}
		Profile profile = this.properties.profile();
		if (profile != null) {
			return wanted(profile.signerName(), this.names.of("profile"));
		}
		String commonName = template.commonName();
		boolean kubelet = source == AddressSourceKind.FIXED && Profile.nodeName(commonName) != null
				&& template.equals(CertificateTemplate.ofSubject(commonName, Profile.NODES));
		return wanted(Profile.KUBELET_CLIENT.signerName(), kubelet ? "the subject of a kubelet" : null);
	}

	private RotationSettings.Request wanted(String signerName, @Nullable String origin) {
		List<String> usages = this.properties.usages();
		return new RotationSettings.Request(signerName, origin,
				this.names.check("usages", usages, () -> usages.stream().map(Usage::of).distinct().toList()),
				this.properties.requestedLifetime(), key());
	}

	/** An issuer has its own shortest lifetime. */
	private void requireLifetimeOfSigner() {
		Duration lifetime = this.properties.requestedLifetime();
		if (lifetime != null) {
			this.names.require(lifetime.compareTo(SHORTEST_LIFETIME) >= 0 && lifetime.toSeconds() <= Integer.MAX_VALUE,
					"requested-lifetime", ReadableDuration.of(lifetime),
					"The API server accepts lifetimes from 10 minutes to 68 years");
		}
	}

	private KeySpecification key() {
		KeySpecification.Algorithm algorithm = this.properties.key().algorithm();
		int size = Objects.requireNonNullElse(this.properties.key().size(),
				(algorithm == KeySpecification.Algorithm.RSA) ? RSA_SIZE : KeySpecification.EC_P256.size());
		return this.names.check("key.size", size, () -> new KeySpecification(algorithm, size));
	}

}
