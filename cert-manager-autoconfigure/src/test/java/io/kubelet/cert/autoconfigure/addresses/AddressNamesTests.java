package io.kubelet.cert.autoconfigure.addresses;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AddressNames} with the cases of the kubelet, whose gate is
 * AllowDNSOnlyNodeCSR.
 *
 * @see AddressNames
 * @see AddressTemplates
 */
class AddressNamesTests {

	private static final CertificateTemplate SUBJECT = CertificateTemplate.ofSubject("system:node:fake-node",
			"system:nodes");

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			textBlock = """
					"empty"                                       | "" | "" | ""
					"ignore empty values"                         | Hostname= | "" | ""
					"ignore invalid IPs"                          | InternalIP=1.2 ExternalIP=3.4 | "" | ""
					"dedupe values"                               | Hostname=h ExternalDNS=h InternalDNS=h InternalIP=1.1.1.1 ExternalIP=1.1.1.1 | h | 1.1.1.1
					"order values"                                | Hostname=h2 ExternalDNS=h1 InternalDNS=h3 InternalIP=2.2.2.2 ExternalIP=1.1.1.1 | h1 h2 h3 | 1.1.1.1 2.2.2.2
					"handle IP and DNS hostnames"                 | Hostname=hostname Hostname=1.1.1.1 | hostname | 1.1.1.1
					"one IPv6 address in two forms"               | InternalIP=2001:db8::1 Hostname=2001:DB8:0:0:0:0:0:1 | "" | 2001:db8::1
					""")
	void addressesToNames(String name, String addresses, String dnsNames, String ipAddresses) {
		assertThat(AddressNames.of(addresses(addresses)))
			.isEqualTo(new AddressNames(words(dnsNames), ipAddresses(ipAddresses)));
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|', quoteCharacter = '"', nullValues = "-",
			textBlock = """
					"node addresses or hostnames and gate enabled"| true  | "" | addresses of a test | "" | ""
					"node addresses or hostnames and gate disabled"| false | "" | addresses of a test | "" | ""
					"only hostnames and gate enabled"             | true  | Hostname=n | - | n | ""
					"only hostnames and gate disabled"            | false | Hostname=n | an IP address among the addresses of a test | "" | ""
					"only IP addresses and gate enabled"          | true  | InternalIP=192.168.1.1 | - | "" | 192.168.1.1
					"only IP addresses and gate disabled"         | false | InternalIP=192.168.1.1 | - | "" | 192.168.1.1
					"IP addresses and hostnames and gate enabled" | true  | Hostname=n InternalIP=192.168.1.1 | - | n | 192.168.1.1
					"IP addresses and hostnames and gate disabled"| false | Hostname=n InternalIP=192.168.1.1 | - | n | 192.168.1.1
					""")
	void templateFromAddresses(String name, boolean dnsOnly, String addresses, @Nullable String waitingFor,
			String dnsNames, String ipAddresses) {
		AddressTemplates templates = new AddressTemplates(source(addresses), SUBJECT, dnsOnly);
		CertificateTemplate wanted = SUBJECT.withDnsNames(words(dnsNames)).withIpAddresses(ipAddresses(ipAddresses));
		assertThat(templates.get()).isEqualTo((waitingFor == null) ? Optional.of(wanted) : Optional.empty());
		assertThat(templates.waitingFor()).isEqualTo(Optional.ofNullable(waitingFor));
	}

	static AddressSource source(String addresses) {
		return new AddressSource() {

			@Override
			public List<NodeAddress> addresses() {
				return AddressNamesTests.addresses(addresses);
			}

			@Override
			public String description() {
				return "addresses of a test";
			}

		};
	}

	@Test
	void namesOfTheSubjectAreAskedForBesidesTheAddresses() {
		CertificateTemplate subject = SUBJECT.withDnsNames(List.of("z", "h"))
			.withIpAddresses(ipAddresses("9.9.9.9 1.1.1.1"));
		assertThat(
				AddressNames.of(addresses("Hostname=h InternalIP=1.1.1.1 InternalIP=2.2.2.2")).complete(subject, false))
			.contains(SUBJECT.withDnsNames(List.of("h", "z")).withIpAddresses(ipAddresses("1.1.1.1 2.2.2.2 9.9.9.9")));
	}

	@Test
	void namesOfTheSubjectAloneAreNoTemplate() {
		assertThat(AddressNames.of(List.of())
			.complete(SUBJECT.withDnsNames(List.of("h")).withIpAddresses(ipAddresses("9.9.9.9")), true)).isEmpty();
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
		return text.isEmpty() ? List.of() : Arrays.asList(text.split(" "));
	}

}
