package io.kubelet.cert.autoconfigure.addresses;

import java.util.Optional;
import java.util.function.Function;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;

import org.springframework.core.env.Environment;

/**
 * Supplies a serving template with the addresses of a node, a pod or a host. A change of
 * the addresses rotates the certificate.
 */
public final class AddressTemplates implements CertificateTemplateSupplier {

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

	/**
	 * Returns the templates of a certificate whose addresses are not fixed.
	 * @param addresses where they are from
	 * @param subject the subject, and the names to request besides the addresses
	 * @param nodes returns the addresses of a node
	 * @param environment the environment
	 * @return the templates
	 */
	public static CertificateTemplateSupplier of(Addresses addresses, CertificateTemplate subject,
			Function<String, AddressSource> nodes, Environment environment) {
		AddressSource source = switch (addresses.source()) {
			case NODE -> nodes.apply(addresses.nodeName());
			case POD ->
				new PodAddresses(environment::getProperty, new InterfaceAddresses(null, addresses.interfaces()));
			case INTERFACES -> new InterfaceAddresses(addresses.nodeName(), addresses.interfaces());
			case FIXED -> throw new IllegalStateException("Fixed addresses have no source");
		};
		return new AddressTemplates(source, subject, addresses.dnsOnly());
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
