package io.kubelet.cert.autoconfigure.addresses;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * The name of the host and the addresses of its network interfaces that are up, without
 * loopback and link-local addresses. They are read again every 10 seconds.
 */
final class InterfaceAddresses implements AddressSource {

	private static final Duration MAXIMUM_AGE = Duration.ofSeconds(10);

	private final @Nullable String hostName;

	private final Set<String> names;

	private final Clock clock;

	private Instant readAt = Instant.MIN;

	private List<NodeAddress> addresses = List.of();

	/**
	 * Creates a source.
	 * @param hostName the name of the host, {@code null} to leave it out
	 * @param names the interfaces to read, empty for all
	 * @param clock the clock
	 */
	InterfaceAddresses(@Nullable String hostName, Set<String> names, Clock clock) {
		this.hostName = hostName;
		this.names = Set.copyOf(names);
		this.clock = clock;
	}

	@Override
	public synchronized List<NodeAddress> addresses() {
		Instant now = this.clock.instant();
		if (this.readAt.isBefore(now.minus(MAXIMUM_AGE)) || this.readAt.isAfter(now)) {
			this.readAt = now;
			read();
		}
		return this.addresses;
	}

	@Override
	public String description() {
		return "addresses of the network interfaces" + (this.names.isEmpty() ? "" : " " + this.names);
	}

	private void read() {
		List<NodeAddress> addresses = new ArrayList<>();
		if (this.hostName != null) {
			addresses.add(new NodeAddress(NodeAddress.Type.HOSTNAME, this.hostName));
		}
		try {
			for (NetworkInterface networkInterface : NetworkInterface.networkInterfaces().toList()) {
				if (networkInterface.isUp()
						&& (this.names.isEmpty() || this.names.contains(networkInterface.getName()))) {
					networkInterface.inetAddresses()
						.filter(InterfaceAddresses::isReachable)
						.forEach((address) -> addresses
							.add(new NodeAddress(NodeAddress.Type.IP, withoutScope(address))));
				}
			}
			this.addresses = List.copyOf(addresses);
		}
		catch (SocketException ex) {
			// An interface has just gone: the last addresses remain until the next
			// reading
		}
	}

	static boolean isReachable(InetAddress address) {
		return !address.isLoopbackAddress() && !address.isLinkLocalAddress() && !address.isAnyLocalAddress()
				&& !address.isMulticastAddress();
	}

	/** The scope of an IPv6 address is the interface of this host. */
	private static String withoutScope(InetAddress address) {
		return address.getHostAddress().replaceFirst("%.*", "");
	}

}
