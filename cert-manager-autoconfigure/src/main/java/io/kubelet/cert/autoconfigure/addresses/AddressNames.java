package io.kubelet.cert.autoconfigure.addresses;

import java.net.InetAddress;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;

/**
 * The names that are derived from addresses, as the kubelet derives them: sorted and
 * without duplicates, with a host name that is an IP address treated as an IP address.
 * Empty addresses and malformed IP addresses are left out.
 *
 * @param dnsNames the DNS names
 * @param ipAddresses the IP addresses
 */
record AddressNames(List<String> dnsNames, List<InetAddress> ipAddresses) {

	private static final Comparator<InetAddress> BY_TEXT = Comparator.comparing(InetAddress::getHostAddress);

	/**
	 * Derives the names of addresses.
	 * @param addresses the addresses
	 * @return their names
	 */
	static AddressNames of(Collection<NodeAddress> addresses) {
		Set<String> dnsNames = new TreeSet<>();
		Set<InetAddress> ipAddresses = new TreeSet<>(BY_TEXT);
		for (NodeAddress address : addresses) {
			Optional<InetAddress> ipAddress = ipAddress(address.address());
			switch (address.type()) {
				case DNS -> dnsNames.add(address.address());
				case IP -> ipAddress.ifPresent(ipAddresses::add);
				case HOSTNAME -> ipAddress.ifPresentOrElse(ipAddresses::add, () -> dnsNames.add(address.address()));
			}
		}
		dnsNames.remove("");
		return new AddressNames(List.copyOf(dnsNames), List.copyOf(ipAddresses));
	}

	/**
	 * Completes a serving template.
	 * @param subject the subject, and the names to request in addition to these
	 * @param dnsOnly whether DNS names suffice, as with the kubelet's AllowDNSOnlyNodeCSR
	 * @return the template, empty if there is no IP address
	 */
	Optional<CertificateTemplate> complete(CertificateTemplate subject, boolean dnsOnly) {
		if (this.ipAddresses.isEmpty() && !(dnsOnly && !this.dnsNames.isEmpty())) {
			return Optional.empty();
		}
		return Optional.of(subject.withDnsNames(union(subject.dnsNames(), this.dnsNames, Comparator.naturalOrder()))
			.withIpAddresses(union(subject.ipAddresses(), this.ipAddresses, BY_TEXT)));
	}

	private static <T> List<T> union(List<T> some, List<T> others, Comparator<T> order) {
		return Stream.concat(some.stream(), others.stream()).distinct().sorted(order).toList();
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
