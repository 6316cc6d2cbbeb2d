package io.kubelet.cert.autoconfigure;

import java.time.Clock;
import java.util.Optional;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.kubernetes.node.AddressNames;
import io.kubelet.cert.kubernetes.node.AddressSource;
import io.kubelet.cert.kubernetes.node.InterfaceAddresses;
import io.kubelet.cert.kubernetes.node.PodAddresses;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;

import org.springframework.core.env.Environment;

/**
 * Supplies a serving template that follows the addresses of a node, a pod or a host. A
 * change of the addresses rotates the certificate.
 *
 * @param source the source of the addresses
 * @param subject the subject, and the names to request besides the addresses
 * @param dnsOnly whether a DNS name suffices while there is no IP address
 */
record AddressTemplates(AddressSource source, CertificateTemplate subject,
		boolean dnsOnly) implements CertificateTemplateSupplier {

	/**
	 * Returns the templates of a certificate whose addresses are not fixed.
	 * @param managers the managers, beginning with that of the first certificate
	 */
	static AddressTemplates of(CertificateSettings settings, Iterable<CertificateManager> managers,
			KubernetesConnection connection, Environment environment, Clock clock) {
		CertificateSettings.Addresses addresses = settings.request().addresses();
		AddressSource source = switch (addresses.source()) {
			case NODE -> connection.addressesOf(addresses.nodeName(), managers);
			case POD ->
				new PodAddresses(environment::getProperty, new InterfaceAddresses(null, addresses.interfaces(), clock));
			case INTERFACES -> new InterfaceAddresses(addresses.nodeName(), addresses.interfaces(), clock);
			case FIXED -> throw new IllegalStateException("Fixed addresses have no source");
		};
		return new AddressTemplates(source, settings.request().template(), addresses.dnsOnly());
	}

	@Override
	public Optional<CertificateTemplate> get() {
		return AddressNames.of(this.source.addresses()).complete(this.subject, this.dnsOnly);
	}

	@Override
	public Optional<String> waitingFor() {
		AddressNames names = AddressNames.of(this.source.addresses());
		if (names.complete(this.subject, this.dnsOnly).isPresent()) {
			return Optional.empty();
		}
		boolean onlyDns = !names.dnsNames().isEmpty();
		return Optional.of((onlyDns ? "an IP address among the " : "") + this.source.description());
	}

	@Override
	public boolean onChange(Runnable changed) {
		return this.source.onChange(changed);
	}

}
