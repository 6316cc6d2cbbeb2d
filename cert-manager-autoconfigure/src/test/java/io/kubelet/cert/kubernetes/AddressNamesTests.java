package io.kubelet.cert.kubernetes;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Contract row C26, and the original's rows of addresses to names and to templates.
 */
class AddressNamesTests {

	private static final CertificateTemplate SUBJECT = CertificateTemplate.ofSubject("system:node:fake-node",
			"system:nodes");

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|', nullValues = "-",
			textBlock = """
					empty                       | -                                           | -                   | -
					ignore empty values         | Hostname=                                   | -                   | -
					ignore invalid IPs          | InternalIP=1.2 ExternalIP=3.4               | -                   | -
					dedupe values               | Hostname=h ExternalDNS=h InternalDNS=h InternalIP=1.1.1.1 ExternalIP=1.1.1.1 | h | 1.1.1.1
					order values                | Hostname=h2 ExternalDNS=h1 InternalDNS=h3 InternalIP=2.2.2.2 ExternalIP=1.1.1.1 InternalIP=3.3.3.3 | h1 h2 h3 | 1.1.1.1 2.2.2.2 3.3.3.3
					handle IP and DNS hostnames | Hostname=hostname Hostname=1.1.1.1          | hostname            | 1.1.1.1
					one IPv6 address in two     | InternalIP=2001:db8::1 Hostname=2001:DB8:0:0:0:0:0:1 | -         | 2001:db8::1
					""")
	void addressesToNames(String name, String addresses, String dnsNames, String ipAddresses) {
		assertThat(AddressNames.of(addresses(addresses)))
			.isEqualTo(new AddressNames(words(dnsNames), ipAddresses(ipAddresses)));
	}

	@ParameterizedTest(name = "{0}, DNS names alone allowed: {1}")
	@CsvSource(delimiter = '|', nullValues = "-",
			textBlock = """
					no node addresses or hostnames | true  | -                                      | false | -         | -
					no node addresses or hostnames | false | -                                      | false | -         | -
					only hostnames                 | true  | Hostname=fake-node                     | true  | fake-node | -
					only hostnames                 | false | Hostname=fake-node                     | false | -         | -
					only IP addresses              | true  | InternalIP=192.168.1.1                 | true  | -         | 192.168.1.1
					only IP addresses              | false | InternalIP=192.168.1.1                 | true  | -         | 192.168.1.1
					IP addresses and hostnames     | true  | Hostname=fake-node InternalIP=192.168.1.1 | true | fake-node | 192.168.1.1
					IP addresses and hostnames     | false | Hostname=fake-node InternalIP=192.168.1.1 | true | fake-node | 192.168.1.1
					""")
	void templateFromAddresses(String name, boolean dnsOnly, String addresses, boolean there, String dnsNames,
			String ipAddresses) {
		CertificateTemplate wanted = SUBJECT.withNames(words(dnsNames), ipAddresses(ipAddresses));
		assertThat(AddressNames.of(addresses(addresses)).complete(SUBJECT, dnsOnly).stream().toList())
			.isEqualTo(there ? List.of(wanted) : List.of());
	}

	@Test
	void namesOfTheSubjectAreAskedForBesidesTheAddresses() {
		CertificateTemplate subject = SUBJECT.withNames(List.of("z", "h"), ipAddresses("9.9.9.9 1.1.1.1"));
		assertThat(
				AddressNames.of(addresses("Hostname=h InternalIP=1.1.1.1 InternalIP=2.2.2.2")).complete(subject, false))
			.contains(SUBJECT.withNames(List.of("h", "z"), ipAddresses("1.1.1.1 2.2.2.2 9.9.9.9")));
	}

	@Test
	void namesOfTheSubjectAloneAreNoTemplate() {
		assertThat(AddressNames.of(List.of()).complete(SUBJECT.withNames(List.of("h"), ipAddresses("9.9.9.9")), true))
			.isEmpty();
	}

	@Test
	void typeThatIsNotKnownIsNone() {
		assertThat(NodeAddress.Type.of("ExternalIPv7")).isEmpty();
		assertThat(NodeAddress.Type.of("InternalDNS")).contains(NodeAddress.Type.INTERNAL_DNS);
	}

	static List<NodeAddress> addresses(String text) {
		return words(text).stream().map((word) -> {
			String[] parts = word.split("=", -1);
			return new NodeAddress(NodeAddress.Type.of(parts[0]).orElseThrow(), parts[1]);
		}).toList();
	}

	private static List<InetAddress> ipAddresses(String text) {
		return words(text).stream().map(CertificateNames::parseIpAddress).toList();
	}

	private static List<String> words(String text) {
		return (text != null) ? Arrays.asList(text.split(" ")) : List.of();
	}

}
