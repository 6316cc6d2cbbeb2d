package io.kubelet.cert.certificate.peers;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClientAddress}.
 *
 * @see ClientAddress
 */
class ClientAddressTests {

	@AfterEach
	void remove() {
		ClientAddress.set(null);
	}

	/** The name of a client is what its network says, or takes seconds to look up. */
	@Test
	void addressHasNoName() throws Exception {
		ClientAddress
			.set(new InetSocketAddress(InetAddress.getByAddress("shop.example", new byte[] { 10, 0, 0, 1 }), 4711));
		assertThat(ClientAddress.current()).isEqualTo(InetSocketAddress.createUnresolved("10.0.0.1", 4711));
	}

	@Test
	void whatIsNoAddressOfTheInternetTakesThePlaceOfTheOneBefore() throws Exception {
		InetSocketAddress before = new InetSocketAddress(InetAddress.getByAddress(new byte[] { 10, 0, 0, 1 }), 4711);
		ClientAddress.set(before);
		ClientAddress.set(UnixDomainSocketAddress.of("socket"));
		assertThat(ClientAddress.current()).isNull();
		ClientAddress.set(before);
		ClientAddress.set(null);
		assertThat(ClientAddress.current()).isNull();
		assertThat(ClientAddress.unresolved(InetSocketAddress.createUnresolved("shop.example", 1))).isNull();
	}

}
