package io.kubelet.cert.certificate.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BrokenConnections}.
 *
 * @see BrokenConnections
 * @see OncePerHour
 */
@ExtendWith(OutputCaptureExtension.class)
class BrokenConnectionsTests {

	private static final InetSocketAddress ORDERS = InetSocketAddress.createUnresolved("orders.svc", 8443);

	private final List<Runnable> inAnHour = new ArrayList<>();

	private final RefusedPeers refused = new RefusedPeers("the SSL bundle 'shop'", this.inAnHour::add);

	private final BrokenConnections broken = new BrokenConnections("the SSL bundle 'shop'", this.refused,
			this.inAnHour::add);

	/** The JDK has put the name of the alert before its message since 17.0.17. */
	@ParameterizedTest
	@CsvSource({ "certificate_unknown, SERVER, its authority is not trusted there or its names are not among those",
			"bad_certificate, CLIENT, its authority is not trusted there or the address that it calls is not among its names",
			"certificate_required, SERVER, it requires a certificate and none was presented",
			"handshake_failure, SERVER, it requires a certificate and none was presented",
			"unknown_ca, SERVER, it does not trust the authority of the certificate",
			"access_denied, SERVER, accepts none of its names", "certificate_expired, SERVER, has expired",
			"certificate_revoked, SERVER, has been revoked", "unsupported_certificate, SERVER, allow 'client auth'" })
	void alertIsExplained(String alert, PeerRole role, String meaning, CapturedOutput output) {
		this.broken.add(role, ORDERS, new SSLHandshakeException("(%1$s) Received fatal alert: %1$s".formatted(alert)));
		assertThat(output.toString().replace(",", "")).containsOnlyOnce(
				"%s at orders.svc:8443 refuses this application which uses the SSL bundle 'shop' with the alert '%s': "
					.formatted((role == PeerRole.SERVER) ? "The server" : "A client", alert))
			.contains(meaning);
	}

	@ParameterizedTest
	@ValueSource(strings = { "Received fatal alert: protocol_version", "Received fatal alert: internal_error",
			"Connection reset", "certificate_unknown" })
	void whatDoesNotConcernACertificateIsNotLogged(String message, CapturedOutput output) {
		this.broken.add(PeerRole.SERVER, ORDERS, new SSLException(message));
		this.broken.add(PeerRole.CLIENT, null, new SSLException("Received fatal alert: handshake_failure"));
		assertThat(output).doesNotContain("refuses");
	}

	/** A client of HTTP has an exception of its own. */
	@Test
	void alertIsFoundBelowOtherExceptions(CapturedOutput output) {
		this.broken.add(PeerRole.SERVER, ORDERS, new IllegalStateException("The order was not sent",
				new IOException("broken", new SSLException("Received fatal alert: access_denied"))));
		assertThat(lines(output)).isEqualTo(1);
	}

	@Test
	void alertIsLoggedOnceInAnHourForEachPeer(CapturedOutput output) {
		for (int i = 0; i < 3; i++) {
			alert(PeerRole.SERVER, "orders.svc", 1);
			alert(PeerRole.SERVER, "orders.svc", 2);
			alert(PeerRole.CLIENT, "orders.svc", i);
		}
		assertThat(lines(output)).isEqualTo(3);
		this.inAnHour.get(0).run();
		alert(PeerRole.SERVER, "orders.svc", 1);
		assertThat(lines(output)).isEqualTo(4);
		assertThat(output).doesNotContain("more alerts");
	}

	@Test
	void logIsLimitedHoweverManyPeersThereAre(CapturedOutput output) {
		for (int i = 0; i < 1000; i++) {
			alert(PeerRole.SERVER, "orders" + i, i);
		}
		assertThat(lines(output)).isEqualTo(20);
		assertThat(this.inAnHour).hasSize(1);
		this.inAnHour.get(0).run();
		assertThat(output)
			.contains("980 more alerts of other peers about the SSL bundle 'shop' were not logged within an hour");
	}

	/**
	 * The server sees the handshake fail, and so does whoever looks at the engine later.
	 */
	@Test
	void clientWithoutACertificateIsCountedOnceForEachConnection() {
		for (int i = 1; i <= 2; i++) {
			SSLException cause = new SSLHandshakeException("Empty client certificate chain");
			this.broken.add(PeerRole.CLIENT, null, cause);
			this.broken.add(PeerRole.CLIENT, ORDERS, new IOException("broken", cause));
			assertThat(this.refused.count(PeerRole.CLIENT, RefusalReason.MISSING)).isEqualTo(i);
		}
		this.broken.add(PeerRole.CLIENT, null, new SSLHandshakeException("anything else"));
		assertThat(this.refused.count(PeerRole.CLIENT, RefusalReason.MISSING)).isEqualTo(2);
	}

	private void alert(PeerRole role, String host, int port) {
		this.broken.add(role, InetSocketAddress.createUnresolved(host, port),
				new SSLException("Received fatal alert: certificate_unknown"));
	}

	private static long lines(CapturedOutput output) {
		return output.toString().lines().filter((line) -> line.contains("refuses this application")).count();
	}

}
