package io.kubelet.cert.autoconfigure.addresses;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.kubelet.cert.certificate.CertificateNames;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Addresses of a pod and of the host's network interfaces.
 */
class LocalAddressesTests {

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
		List<InetAddress> expected = new ArrayList<>();
		for (NetworkInterface networkInterface : NetworkInterface.networkInterfaces().toList()) {
			if (networkInterface.isUp()) {
				networkInterface.inetAddresses().filter(InterfaceAddresses::isReachable).forEach(expected::add);
			}
		}
		AddressNames names = AddressNames.of(new InterfaceAddresses("n1", Set.of(), Clock.systemUTC()).addresses());
		assertThat(names.dnsNames()).containsExactly("n1");
		assertThat(names.ipAddresses()).containsExactlyInAnyOrderElementsOf(Set.copyOf(expected));
	}

}
