package io.kubelet.cert.autoconfigure.addresses;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * The name of the host and the addresses of its network interfaces that are up, without
 * loopback and link-local addresses.
 */
final class InterfaceAddresses implements AddressSource {

	private final @Nullable String hostName;

	private final Set<String> names;

	private volatile List<NodeAddress> last = List.of();

	/**
	 * Creates a source.
	 * @param hostName the name of the host, {@code null} to leave it out
	 * @param names the interfaces to read, empty for all
	 */
	InterfaceAddresses(@Nullable String hostName, Set<String> names) {
		this.hostName = hostName;
		this.names = Set.copyOf(names);
	}

	@Override
	public String description() {
		return "addresses of the network interfaces" + (this.names.isEmpty() ? "" : " " + this.names);
	}

	@Override
	public List<NodeAddress> addresses() {
		List<NodeAddress> addresses = new ArrayList<>();
		if (this.hostName != null) {
			addresses.add(new NodeAddress(NodeAddress.Type.HOSTNAME, this.hostName));
		}
		try {
			for (NetworkInterface networkInterface : NetworkInterface.networkInterfaces().toList()) {
				if (networkInterface.isUp()
						&& (this.names.isEmpty() || this.names.contains(networkInterface.getName()))) {
					// The scope of an IPv6 address is the interface of this host
					networkInterface.inetAddresses()
						.filter(InterfaceAddresses::isReachable)
						.map((address) -> address.getHostAddress().replaceFirst("%.*", ""))
						.forEach((address) -> addresses.add(new NodeAddress(NodeAddress.Type.IP, address)));
				}
			}
			this.last = addresses;
		}
		catch (SocketException ex) {
			// An interface has just gone: the last addresses remain until the next
			// reading
		}
		return this.last;
	}

	static boolean isReachable(InetAddress address) {
		return !address.isLoopbackAddress() && !address.isLinkLocalAddress() && !address.isAnyLocalAddress()
				&& !address.isMulticastAddress();
	}

}
