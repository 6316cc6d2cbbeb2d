package io.kubelet.cert.autoconfigure.addresses;

import java.net.InetAddress;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;

/**
 * The names that follow from addresses, as the kubelet derives them: sorted and without
 * duplicates, with a host name that is an IP address treated as an IP address. Empty
 * addresses and malformed IP addresses are left out.
 *
 * @param dnsNames the DNS names
 * @param ipAddresses the IP addresses
 */
record AddressNames(List<String> dnsNames, List<InetAddress> ipAddresses) {

	/**
	 * Derives the names of addresses.
	 * @param addresses the addresses
	 * @return their names
	 */
	public static AddressNames of(Collection<NodeAddress> addresses) {
		SortedSet<String> dnsNames = new TreeSet<>();
		SortedMap<String, InetAddress> ipAddresses = new TreeMap<>();
		for (NodeAddress address : addresses) {
			if (address.address().isEmpty()) {
				continue;
			}
			Optional<InetAddress> ipAddress = ipAddress(address.address());
			switch (address.type()) {
				case DNS -> dnsNames.add(address.address());
				case IP -> ipAddress.ifPresent((ip) -> ipAddresses.put(ip.getHostAddress(), ip));
				case HOSTNAME -> ipAddress.ifPresentOrElse((ip) -> ipAddresses.put(ip.getHostAddress(), ip),
						() -> dnsNames.add(address.address()));
			}
		}
		return new AddressNames(List.copyOf(dnsNames), List.copyOf(ipAddresses.values()));
	}

	/**
	 * Completes a serving template.
	 * @param subject the subject, and the names to request in addition to these
	 * @param dnsOnly whether DNS names suffice, as with the kubelet's AllowDNSOnlyNodeCSR
	 * @return the template, empty if there is no IP address
	 */
	public Optional<CertificateTemplate> complete(CertificateTemplate subject, boolean dnsOnly) {
		if (this.ipAddresses.isEmpty() && !(dnsOnly && !this.dnsNames.isEmpty())) {
			return Optional.empty();
		}
		SortedSet<String> dnsNames = new TreeSet<>(subject.dnsNames());
		dnsNames.addAll(this.dnsNames);
		SortedMap<String, InetAddress> ipAddresses = new TreeMap<>();
		subject.ipAddresses().forEach((ip) -> ipAddresses.put(ip.getHostAddress(), ip));
		this.ipAddresses.forEach((ip) -> ipAddresses.put(ip.getHostAddress(), ip));
		return Optional
			.of(subject.withDnsNames(List.copyOf(dnsNames)).withIpAddresses(List.copyOf(ipAddresses.values())));
	}

	private static Optional<InetAddress> ipAddress(String address) {
		try {
			return Optional.of(CertificateNames.parseIpAddress(address));
		}
		catch (IllegalArgumentException ex) {
			return Optional.empty();
		}
	}

}
