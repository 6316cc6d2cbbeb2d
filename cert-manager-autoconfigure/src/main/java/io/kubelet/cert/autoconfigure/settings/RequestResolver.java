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
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Signer;
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

	private static final String AS_WELL = " as well: remove it, or remove the properties of the issuer ('{issuer}')";

	Request resolve() {
		AddressSourceKind source = addressSource();
		String nodeName = nodeName(source);
		CertificateTemplate template = template(nodeName);
		Signer signer = signer(template, source);
		RotationSettings.Request wanted = new RotationSettings.Request(
				(signer != null) ? signer.name() : Profile.KUBELET_CLIENT.signerName(),
				(signer != null) ? signer.origin() : null, usages(), lifetime(signer), key());
		return new Request(signer, this.properties.signerCaFile(), wanted, template, addresses(source, nodeName),
				(this.properties.template().commonName() != null) ? "template.common-name" : "node-name");
	}

	private AddressSourceKind addressSource() {
		Template template = this.properties.template();
		AddressSourceKind unlessSet = (this.properties.profile() == Profile.KUBELET_SERVING
				&& template.dnsNames().isEmpty() && template.ipAddresses().isEmpty()) ? AddressSourceKind.NODE
						: AddressSourceKind.FIXED;
		return Objects.requireNonNullElse(this.properties.addresses().source(), unlessSet);
	}

	/** The host is asked for its name only if that is of use. */
	private String nodeName(AddressSourceKind source) {
		String configured = this.properties.nodeName();
		boolean used = this.properties.profile() != null || source == AddressSourceKind.NODE
				|| source == AddressSourceKind.INTERFACES;
		return (configured != null || used) ? this.names.check("node-name", configured, () -> NodeName.of(configured))
				: "";
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

	private Addresses addresses(AddressSourceKind source, String nodeName) {
		List<String> interfaces = this.properties.addresses().interfaces();
		this.names.require(interfaces.isEmpty() || source != AddressSourceKind.NODE, "addresses.interfaces", interfaces,
				"The addresses are those of the Node object: set '{addresses.source}' to 'interfaces', or remove this property");
		return new Addresses(source, Set.copyOf(interfaces), this.properties.addresses().dnsOnly(), nodeName);
	}

	private @Nullable Signer signer(CertificateTemplate template, AddressSourceKind source) {
		CertificateProperties.Issuer issuer = this.properties.issuer();
		String name = this.properties.signerName();
		if (issuer.name() != null) {
			return issuer(issuer, issuer.name());
		}
		requireNothingElse(issuer);
		this.names.require(!"kubernetes.io/legacy-unknown".equals(name), "signer-name", name,
				"The API server does not accept requests for this signer: name the signer that issues the certificate");
		if (name != null) {
			return new Signer(name, this.names.of("signer-name"), null);
		}
		Profile profile = this.properties.profile();
		if (profile != null) {
			return new Signer(profile.signerName(), this.names.of("profile"), null);
		}
		String commonName = template.commonName();
		boolean kubelet = source == AddressSourceKind.FIXED && Profile.nodeName(commonName) != null
				&& template.equals(CertificateTemplate.ofSubject(commonName, Profile.NODES));
		return kubelet ? new Signer(Profile.KUBELET_CLIENT.signerName(), "the subject of a kubelet", null) : null;
	}

	private Signer issuer(CertificateProperties.Issuer issuer, String name) {
		this.names.require(this.properties.signerName() == null, "issuer.name", name,
				"There is '{signer-name}'" + AS_WELL);
		this.names.require(this.properties.profile() == null, "issuer.name", name, "There is '{profile}'" + AS_WELL);
		IssuerReference reference = new IssuerReference(Objects.requireNonNullElse(issuer.kind(), "Issuer"), name,
				Objects.requireNonNullElse(issuer.group(), IssuerReference.CERT_MANAGER));
		return new Signer(reference.toString(), this.names.of("issuer.name"),
				new Issuer(reference, issuer.namespace(), issuer.annotations()));
	}

	/** Without a name, another property of the issuer would have no effect. */
	private void requireNothingElse(CertificateProperties.Issuer issuer) {
		String other = (issuer.kind() != null) ? "kind" : (issuer.group() != null) ? "group"
				: (issuer.namespace() != null) ? "namespace" : !issuer.annotations().isEmpty() ? "annotations" : null;
		this.names.require(other == null, "issuer.name", null, "The issuer has no name, but '{issuer." + other
				+ "}' is set: set the name as well, or remove the other properties of the issuer");
	}

	private List<Usage> usages() {
		List<String> usages = this.properties.usages();
		return this.names.check("usages", usages, () -> usages.stream().map(Usage::of).distinct().toList());
	}

	/** An issuer has its own shortest lifetime. */
	private @Nullable Duration lifetime(@Nullable Signer signer) {
		Duration lifetime = this.properties.requestedLifetime();
		boolean ofSigner = signer == null || signer.issuer() == null;
		if (lifetime != null && ofSigner) {
			this.names.require(lifetime.compareTo(SHORTEST_LIFETIME) >= 0 && lifetime.toSeconds() <= Integer.MAX_VALUE,
					"requested-lifetime", ReadableDuration.of(lifetime),
					"The API server accepts lifetimes from 10 minutes to 68 years");
		}
		return lifetime;
	}

	private KeySpecification key() {
		KeySpecification.Algorithm algorithm = this.properties.key().algorithm();
		int size = Objects.requireNonNullElse(this.properties.key().size(),
				(algorithm == KeySpecification.Algorithm.RSA) ? RSA_SIZE : KeySpecification.EC_P256.size());
		return this.names.check("key.size", size, () -> new KeySpecification(algorithm, size));
	}

}
