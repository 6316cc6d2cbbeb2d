package io.kubelet.cert.autoconfigure;

import java.time.Clock;
import java.util.List;
import java.util.Set;

import io.kubelet.cert.autoconfigure.CertificateProperties.AddressSourceKind;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.kubernetes.AddressSource;
import io.kubelet.cert.kubernetes.InterfaceAddresses;
import io.kubelet.cert.kubernetes.PodAddresses;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.SignerSource;
import org.springframework.core.env.Environment;

/**
 * Makes the dynamic templates of the certificates whose addresses are not fixed.
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

	CertificateTemplateSupplier templates(CertificateSettings settings, CertificateTemplate subject) {
		return new AddressTemplates(source(settings), subject, settings.properties().addresses().dnsOnly());
	}

	private AddressSource source(CertificateSettings settings) {
		AddressSourceKind kind = settings.addressSource();
		List<String> interfaces = settings.properties().addresses().interfaces();
		if (!interfaces.isEmpty() && kind == AddressSourceKind.NODE) {
			throw settings.invalid("addresses.interfaces", interfaces,
					"The addresses are those of the Node object: set '" + settings.property("addresses.source")
							+ "' to 'interfaces', or leave this out");
		}
		return switch (kind) {
			case NODE -> node(settings);
			case POD -> new PodAddresses(this.environment::getProperty,
					new InterfaceAddresses(null, Set.copyOf(interfaces), this.clock));
			case INTERFACES -> new InterfaceAddresses(settings.node().name(), Set.copyOf(interfaces), this.clock);
			case FIXED -> throw new IllegalStateException("Fixed addresses have no source");
		};
	}

	private AddressSource node(CertificateSettings settings) {
		if (this.signers instanceof KubernetesConnection connection) {
			return connection.addressesOf(settings.node().name());
		}
		throw settings.invalid("addresses.source", AddressSourceKind.NODE,
				"There is no connection to read the Node object with, since the application brings its own "
						+ "SignerSource: choose another source, or define a CertificateTemplateSupplier bean");
	}

}
