package io.kubelet.cert.autoconfigure.addresses;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Addresses of a pod and of the host's network interfaces.
 *
 * @see PodAddresses
 * @see InterfaceAddresses
 */
class LocalAddressesTests {

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("n1")
		.withDnsNames(List.of("web.example.com"));

	private static final AddressSource INTERFACES = AddressNamesTests.source("InternalIP=10.1.1.1");

	@ParameterizedTest
	@ValueSource(strings = { "10.0.0.7,2001:db8::7", "10.0.0.7 2001:db8::7", " 10.0.0.7, 2001:db8::7 ," })
	void podSaysItsAddressesAndItsName(String addresses) {
		AddressSource pod = new PodAddresses(
				Map.of("POD_IP", "10.0.0.7", "POD_IPS", addresses, "POD_NAME", "web-0")::get, INTERFACES);
		AddressNames names = AddressNames.of(pod.addresses());
		assertThat(names.dnsNames()).containsExactly("web-0");
		assertThat(names.ipAddresses()).containsExactly(CertificateNames.parseIpAddress("10.0.0.7"),
				CertificateNames.parseIpAddress("2001:db8::7"));
	}

	@Test
	void podThatSaysNoAddressHasThoseOfItsInterfaces() {
		AddressSource pod = new PodAddresses(Map.of("POD_NAME", "web-0")::get, INTERFACES);
		assertThat(AddressNames.of(pod.addresses()))
			.isEqualTo(new AddressNames(List.of("web-0"), List.of(CertificateNames.parseIpAddress("10.1.1.1"))));
	}

	@Test
	void podWithAnUnusableAddressHasNoneAndDoesWithoutTheInterfaces() {
		AddressSource pod = new PodAddresses(Map.of("POD_IP", "none", "POD_NAME", "web-0")::get, INTERFACES);
		assertThat(AddressNames.of(pod.addresses())).isEqualTo(new AddressNames(List.of("web-0"), List.of()));
		assertThat(pod.description()).isEqualTo("addresses of the pod (POD_IP, POD_IPS, POD_NAME)");
	}

	@ParameterizedTest
	@CsvSource({ "127.0.0.1,false", "127.1.2.3,false", "::1,false", "169.254.10.1,false", "fe80::1,false",
			"0.0.0.0,false", "224.0.0.1,false", "ff02::1,false", "10.0.0.1,true", "192.0.2.1,true", "2001:db8::1,true",
			"fd00::1,true" })
	void addressesThatReachThisHostFromElsewhereCount(String address, boolean counts) {
		assertThat(InterfaceAddresses.isReachable(CertificateNames.parseIpAddress(address))).isEqualTo(counts);
	}

	@Test
	void interfacesGiveTheirReachableAddressesAndTheHostName() throws SocketException {
		Set<InetAddress> expected = new HashSet<>();
		for (NetworkInterface networkInterface : NetworkInterface.networkInterfaces().toList()) {
			if (networkInterface.isUp()) {
				networkInterface.inetAddresses().filter(InterfaceAddresses::isReachable).forEach(expected::add);
			}
		}
		AddressNames names = AddressNames.of(new InterfaceAddresses("n1", Set.of()).addresses());
		assertThat(names.dnsNames()).containsExactly("n1");
		assertThat(names.ipAddresses()).containsExactlyInAnyOrderElementsOf(expected);
	}

	@Test
	void interfaceWithoutAnAddressIsWaitedFor() {
		assertThat(templates(AddressSourceKind.INTERFACES, "").waitingFor())
			.contains("an IP address among the addresses of the network interfaces [nosuch0]");
	}

	@Test
	void podAddsToWhatTheTemplateNames() {
		assertThat(templates(AddressSourceKind.POD, "10.1.0.7").get())
			.contains(TEMPLATE.withDnsNames(List.of("web-0", "web.example.com"))
				.withIpAddresses(List.of(CertificateNames.parseIpAddress("10.1.0.7"))));
	}

	private static CertificateTemplateSupplier templates(AddressSourceKind source, String podIp) {
		return AddressTemplates.of(new Addresses(source, Set.of("nosuch0"), false, "n1"), TEMPLATE,
				(node) -> fail("Not of a node"),
				new MockEnvironment().withProperty("POD_NAME", "web-0").withProperty("POD_IP", podIp));
	}

}
