package io.kubelet.cert.autoconfigure;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.kubernetes.node.AddressNames;
import io.kubelet.cert.kubernetes.node.AddressSource;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;

/**
 * Supplies a serving template that follows the addresses of a node, a pod or a host. A
 * change of the addresses rotates the certificate.
 */
final class AddressTemplates implements CertificateTemplateSupplier {

	private final AddressSource source;

	private final CertificateTemplate subject;

	private final boolean dnsOnly;

	/**
	 * Creates a supplier.
	 * @param source the source of the addresses
	 * @param subject the subject, and the names to request besides the addresses
	 * @param dnsOnly whether a DNS name suffices while there is no IP address
	 */
	AddressTemplates(AddressSource source, CertificateTemplate subject, boolean dnsOnly) {
		this.source = source;
		this.subject = subject;
		this.dnsOnly = dnsOnly;
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
