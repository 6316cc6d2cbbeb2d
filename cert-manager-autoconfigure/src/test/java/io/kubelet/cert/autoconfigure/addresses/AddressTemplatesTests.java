package io.kubelet.cert.autoconfigure.addresses;

import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A template that follows addresses says what it waits for.
 */
class AddressTemplatesTests {

	private static final CertificateTemplate SUBJECT = CertificateTemplate.ofSubject("cn");

	private final List<NodeAddress> addresses = new ArrayList<>();

	private final AddressSource source = new AddressSource() {

		@Override
		public List<NodeAddress> addresses() {
			return AddressTemplatesTests.this.addresses;
		}

		@Override
		public String description() {
			return "addresses of a test";
		}

	};

	@Test
	void nothingIsKnownAtFirst() {
		AddressTemplates templates = new AddressTemplates(this.source, SUBJECT, true);
		assertThat(templates.get()).isEmpty();
		assertThat(templates.waitingFor()).contains("addresses of a test");
	}

	@Test
	void dnsNameWaitsForAnIpAddressUnlessItIsEnough() {
		this.addresses.add(new NodeAddress(NodeAddress.Type.HOSTNAME, "n1"));
		AddressTemplates templates = new AddressTemplates(this.source, SUBJECT, false);
		assertThat(templates.get()).isEmpty();
		assertThat(templates.waitingFor()).contains("an IP address among the addresses of a test");
		AddressTemplates dnsOnly = new AddressTemplates(this.source, SUBJECT, true);
		assertThat(dnsOnly.get()).contains(SUBJECT.withDnsNames(List.of("n1")));
		assertThat(dnsOnly.waitingFor()).isEmpty();
	}

	@Test
	void templateFollowsTheAddresses() {
		AddressTemplates templates = new AddressTemplates(this.source, SUBJECT, false);
		for (String address : List.of("10.0.0.1", "10.0.0.2")) {
			this.addresses.clear();
			this.addresses.add(new NodeAddress(NodeAddress.Type.IP, address));
			assertThat(templates.get())
				.contains(SUBJECT.withIpAddresses(List.of(CertificateNames.parseIpAddress(address))));
			assertThat(templates.waitingFor()).isEmpty();
		}
	}

}
