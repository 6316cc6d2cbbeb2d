package io.kubelet.cert.autoconfigure;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.kubernetes.AddressNames;
import io.kubelet.cert.kubernetes.AddressSource;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;

/**
 * Supplies a serving template that follows the addresses of a node, a pod or a host
 * (contract row C26): a change of them rotates the certificate.
 */
final class AddressTemplates implements CertificateTemplateSupplier {

	private final AddressSource source;

	private final CertificateTemplate subject;

	private final boolean dnsOnly;

	/**
	 * Create a supplier.
	 * @param source knows the addresses
	 * @param subject the subject, and names to ask for besides the addresses
	 * @param dnsOnly whether to do without an IP address if there is a DNS name
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
