package io.kubelet.cert.autoconfigure.addresses;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Tests for {@link AddressNames} with the cases of the kubelet, whose gate is
 * AllowDNSOnlyNodeCSR.
 */
class AddressNamesTests {

	private static final CertificateTemplate SUBJECT = CertificateTemplate.ofSubject("system:node:fake-node",
			"system:nodes");

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void addressesToNames(String name, String addresses, String dnsNames, String ipAddresses) {
		assertThat(AddressNames.of(addresses(addresses)))
			.isEqualTo(new AddressNames(words(dnsNames), ipAddresses(ipAddresses)));
	}

	static List<Arguments> addressesToNames() {
		return List.of(arguments("empty", "", "", ""), arguments("ignore empty values", "Hostname=", "", ""),
				arguments("ignore invalid IPs", "InternalIP=1.2 ExternalIP=3.4", "", ""),
				arguments("dedupe values",
						"Hostname=h ExternalDNS=h InternalDNS=h InternalIP=1.1.1.1 ExternalIP=1.1.1.1", "h", "1.1.1.1"),
				arguments("order values",
						"Hostname=h2 ExternalDNS=h1 InternalDNS=h3 InternalIP=2.2.2.2 ExternalIP=1.1.1.1 InternalIP=3.3.3.3",
						"h1 h2 h3", "1.1.1.1 2.2.2.2 3.3.3.3"),
				arguments("handle IP and DNS hostnames", "Hostname=hostname Hostname=1.1.1.1", "hostname", "1.1.1.1"),
				arguments("one IPv6 address in two forms", "InternalIP=2001:db8::1 Hostname=2001:DB8:0:0:0:0:0:1", "",
						"2001:db8::1"));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void templateFromAddresses(String name, boolean dnsOnly, String addresses, boolean there, String dnsNames,
			String ipAddresses) {
		CertificateTemplate wanted = SUBJECT.withDnsNames(words(dnsNames)).withIpAddresses(ipAddresses(ipAddresses));
		assertThat(AddressNames.of(addresses(addresses)).complete(SUBJECT, dnsOnly))
			.isEqualTo(there ? Optional.of(wanted) : Optional.empty());
	}

	static List<Arguments> templateFromAddresses() {
		String host = "Hostname=fake-node";
		String ip = "InternalIP=192.168.1.1";
		return List.of(arguments("node addresses or hostnames and gate enabled", true, "", false, "", ""),
				arguments("node addresses or hostnames and gate disabled", false, "", false, "", ""),
				arguments("only hostnames and gate enabled", true, host, true, "fake-node", ""),
				arguments("only hostnames and gate disabled", false, host, false, "", ""),
				arguments("only IP addresses and gate enabled", true, ip, true, "", "192.168.1.1"),
				arguments("only IP addresses and gate disabled", false, ip, true, "", "192.168.1.1"),
				arguments("IP addresses and hostnames and gate enabled", true, host + " " + ip, true, "fake-node",
						"192.168.1.1"),
				arguments("IP addresses and hostnames and gate disabled", false, host + " " + ip, true, "fake-node",
						"192.168.1.1"));
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

	@Test
	void typeThatIsNotKnownIsNone() {
		assertThat(NodeAddress.Type.of("ExternalIPv7")).isEmpty();
		assertThat(NodeAddress.Type.of("InternalDNS")).contains(NodeAddress.Type.DNS);
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
