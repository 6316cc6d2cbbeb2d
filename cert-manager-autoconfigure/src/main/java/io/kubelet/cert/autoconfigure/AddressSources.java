package io.kubelet.cert.autoconfigure;

import java.time.Clock;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.kubernetes.node.AddressSource;
import io.kubelet.cert.kubernetes.node.InterfaceAddresses;
import io.kubelet.cert.kubernetes.node.PodAddresses;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;

import org.springframework.core.env.Environment;

/**
 * Creates the dynamic templates of the certificates whose addresses are not fixed.
 */
final class AddressSources {

	private final KubernetesConnection connection;

	private final Environment environment;

	private final Clock clock;

	AddressSources(KubernetesConnection connection, Environment environment, Clock clock) {
		this.connection = connection;
		this.environment = environment;
		this.clock = clock;
	}

	/**
	 * Returns the templates of a certificate.
	 * @param managers the managers, beginning with that of the first certificate
	 */
	CertificateTemplateSupplier templates(CertificateSettings settings, Iterable<CertificateManager> managers) {
		return new AddressTemplates(source(settings, managers), settings.request().template(),
				settings.request().addresses().dnsOnly());
	}

	private AddressSource source(CertificateSettings settings, Iterable<CertificateManager> managers) {
		CertificateSettings.Addresses addresses = settings.request().addresses();
		return switch (addresses.source()) {
			case NODE -> this.connection.addressesOf(addresses.nodeName(), managers);
			case POD -> new PodAddresses(this.environment::getProperty,
					new InterfaceAddresses(null, addresses.interfaces(), this.clock));
			case INTERFACES -> new InterfaceAddresses(addresses.nodeName(), addresses.interfaces(), this.clock);
			case FIXED -> throw new IllegalStateException("Fixed addresses have no source");
		};
	}

}
