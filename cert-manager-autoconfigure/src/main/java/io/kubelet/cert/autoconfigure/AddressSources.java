package io.kubelet.cert.autoconfigure;

import java.time.Clock;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.AddressSourceKind;
import io.kubelet.cert.kubernetes.AddressSource;
import io.kubelet.cert.kubernetes.InterfaceAddresses;
import io.kubelet.cert.kubernetes.PodAddresses;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.SignerSource;
import org.springframework.core.env.Environment;

/**
 * Creates the dynamic templates of the certificates whose addresses are not fixed.
 */
final class AddressSources {

	private final SignerSource signers;

	private final Environment environment;

	private final Clock clock;

	AddressSources(SignerSource signers, Environment environment, Clock clock) {
		this.signers = signers;
		this.environment = environment;
		this.clock = clock;
	}

	CertificateTemplateSupplier templates(CertificateSettings settings) {
		return new AddressTemplates(source(settings), settings.request().template(),
				settings.request().addresses().dnsOnly());
	}

	private AddressSource source(CertificateSettings settings) {
		CertificateSettings.Addresses addresses = settings.request().addresses();
		return switch (addresses.source()) {
			case NODE -> node(settings);
			case POD -> new PodAddresses(this.environment::getProperty,
					new InterfaceAddresses(null, addresses.interfaces(), this.clock));
			case INTERFACES -> new InterfaceAddresses(addresses.nodeName(), addresses.interfaces(), this.clock);
			case FIXED -> throw new IllegalStateException("Fixed addresses have no source");
		};
	}

	private AddressSource node(CertificateSettings settings) {
		if (this.signers instanceof KubernetesConnection connection) {
			return connection.addressesOf(settings.request().addresses().nodeName());
		}
		throw settings.invalid("addresses.source", AddressSourceKind.NODE,
				"The Node object cannot be read, because the application defines its own SignerSource bean: "
						+ "choose another source, or define a CertificateTemplateSupplier bean");
	}

}
