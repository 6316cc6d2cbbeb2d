package io.kubelet.cert.certificate.peers;

import java.net.InetSocketAddress;
import java.net.SocketAddress;

import org.jspecify.annotations.Nullable;

/**
 * The address of the client whose handshake the current thread takes part in. Tomcat and
 * Reactor Netty create engines that do not know it: they set it for the thread that runs
 * the tasks of a handshake, in which the client is checked.
 */
public final class ClientAddress {

	private static final ThreadLocal<@Nullable InetSocketAddress> current = new ThreadLocal<>();

	private ClientAddress() {
	}

	/**
	 * Sets or removes the address.
	 * @param address the address of the client, {@code null} to remove it
	 */
	public static void set(@Nullable SocketAddress address) {
		InetSocketAddress known = unresolved(address);
		if (known != null) {
			current.set(known);
		}
		else {
			current.remove();
		}
	}

	/**
	 * Returns an address of which no name is looked up.
	 * @param address any address
	 * @return the address, {@code null} if it is none of the Internet
	 */
	public static @Nullable InetSocketAddress unresolved(@Nullable SocketAddress address) {
		return (address instanceof InetSocketAddress known && known.getAddress() != null)
				? InetSocketAddress.createUnresolved(known.getAddress().getHostAddress(), known.getPort()) : null;
	}

	/**
	 * Returns the address that is set.
	 * @return the address, {@code null} if there is none
	 */
	public static @Nullable InetSocketAddress current() {
		return current.get();
	}

}
