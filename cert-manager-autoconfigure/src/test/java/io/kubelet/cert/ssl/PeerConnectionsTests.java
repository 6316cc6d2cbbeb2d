package io.kubelet.cert.ssl;

import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link PeerConnections} whose handshakes take place in memory.
 *
 * @see PeerConnections
 * @see Transport
 */
@ExtendWith(OutputCaptureExtension.class)
class PeerConnectionsTests {

	private static final TestAuthority authority = new TestAuthority("one");

	private static final CertificatePair serving = authority.pair("server", "localhost");

	private Trust trust = Trust.exactly(List.of(authority.certificate()));

	private Instant now = Instant.parse("2026-12-01T10:00:00Z");

	private final List<Runnable> later = new ArrayList<>();

	private final PeerConnections connections = new PeerConnections(
			new Peers(PeerRules.NONE, "the SSL bundle 'test'", (task) -> {
			}, () -> this.now), () -> this.trust, (task, delay) -> {
				this.later.add(task);
				return () -> {
				};
			});

	private final SSLContext server = LiveSslContext.create("TLS",
			new LiveKeyManager(() -> serving, (role, transport, leaf) -> {
			}), this.connections.manager(new LiveTrustManager(() -> this.trust),
					new PeerSessions(() -> this.now, (task, delay) -> () -> {
					}, () -> {
					})));

	/** Also if many others begin meanwhile, and it is closed at once. */
	@Test
	void peerOfASlowHandshakeIsSeen() throws Exception {
		Pair slow = new Pair("slow");
		slow.step();
		for (int other = 0; other < 300; other++) {
			this.connections.add(this.server.createSSLEngine());
		}
		slow.shakeHands();
		for (int other = 0; other < 300; other++) {
			this.connections.add(this.server.createSSLEngine());
		}
		slow.close();
		assertThat(names()).containsExactly("slow");
	}

	/** A library may just forget the connection, without closing it. */
	@Test
	void connectionsThatAreCompleteOrClosedAreNotKept() throws Exception {
		WeakReference<SSLEngine> complete = new WeakReference<>(new Pair("shop").shakeHands());
		WeakReference<SSLEngine> closed = new WeakReference<>(new Pair("shop").close());
		this.later.get(0).run();
		await().until(() -> {
			System.gc();
			return complete.get() == null && closed.get() == null;
		});
		assertThat(this.later).as("nothing is awaited").hasSize(1);
		assertThat(names()).containsExactly("shop");
	}

	@Test
	void peerIsSeenUntilItsConnectionCloses() throws Exception {
		Pair lasting = new Pair("lasting");
		lasting.shakeHands();
		this.now = this.now.plus(Duration.ofDays(3));
		assertThat(this.connections.seen()).extracting(SeenPeer::connections).containsExactly(1);
		lasting.close();
		assertThat(this.connections.seen()).allMatch((peer) -> peer.connections() == 0 && peer.isCurrent(this.now));
		this.now = this.now.plus(Duration.ofDays(1));
		assertThat(this.connections.seen()).noneMatch((peer) -> peer.isCurrent(this.now));
	}

	/** As with a client that closes its direction once it has sent its request. */
	@Test
	void lookEndsNeitherTheOtherDirectionNorTheSession() throws Exception {
		Pair pair = new Pair("half");
		pair.shakeHands();
		pair.client.closeOutbound();
		pair.client.wrap(ByteBuffer.allocate(0), pair.toServer);
		pair.toServer.flip();
		while (!pair.server.isInboundDone()) {
			pair.server.unwrap(pair.toServer, ByteBuffer.allocate(Pair.SIZE));
		}
		assertThat(names()).containsExactly("half");
		assertThat(pair.server.wrap(ByteBuffer.wrap(new byte[8]), pair.toClient).bytesConsumed()).isEqualTo(8);
		pair.close();
		assertThat(names()).containsExactly("half");
		assertThat(pair.server.getSession().isValid()).as("can be resumed").isTrue();
	}

	/** The connection waits for its first byte meanwhile. */
	@Test
	void peerOfAnAuthorityThatIsAddedIsSeen() throws Exception {
		TestAuthority added = new TestAuthority("added");
		Pair late = new Pair(added, "late");
		this.trust = Trust.exactly(List.of(authority.certificate(), added.certificate()));
		late.shakeHands();
		assertThat(names()).containsExactly("late");
	}

	@Test
	void connectionThatCannotBeLookedAtFailsNoOther() throws Exception {
		this.connections.add(HandshakeView.withoutAddress(this.server.createSSLEngine()));
		for (int other = 0; other < 300; other++) {
			this.connections.add(this.server.createSSLEngine());
		}
		new Pair("shop").shakeHands();
		assertThat(names()).containsExactly("shop");
	}

	/** Whoever uses the connection reads the alert on another thread. */
	@Test
	void alertThatIsReadWhileItsConnectionIsLookedAtIsExplained(CapturedOutput output) throws Exception {
		Pair refused = new Pair(new TestAuthority("unknown"), "unknown");
		this.connections.add(refused.client);
		assertThatExceptionOfType(SSLException.class).isThrownBy(refused::shakeHands);
		refused.server.wrap(ByteBuffer.allocate(0), refused.toClient);
		refused.toClient.flip();
		Thread look = new Thread(this.later.get(0));
		synchronized (this.connections.peers().seen()) {
			look.start();
			await().until(() -> look.getState() == Thread.State.BLOCKED);
			assertThatExceptionOfType(SSLException.class)
				.isThrownBy(() -> refused.client.unwrap(refused.toClient, ByteBuffer.allocate(Pair.SIZE)));
		}
		look.join();
		this.now = this.now.plus(Duration.ofSeconds(2));
		this.later.subList(1, this.later.size()).forEach(Runnable::run);
		assertThat(output).containsOnlyOnce("refuses this application");
	}

	private List<String> names() {
		return this.connections.seen().stream().map(SeenPeer::identity).toList();
	}

	/** A client and the server. */
	private final class Pair {

		private static final int SIZE = 40_000;

		private final SSLEngine client;

		private final SSLEngine server;

		private final ByteBuffer toServer = ByteBuffer.allocate(SIZE);

		private final ByteBuffer toClient = ByteBuffer.allocate(SIZE);

		Pair(String name) throws SSLException {
			this(authority, name);
		}

		Pair(TestAuthority issuer, String name) throws SSLException {
			this.client = InsistentKeyManager
				.context(issuer.pair(name, name), Trust.exactly(List.of(authority.certificate())), "TLSv1.3")
				.createSSLEngine();
			this.server = PeerConnectionsTests.this.server.createSSLEngine();
			PeerConnectionsTests.this.connections.add(this.server);
			this.client.setUseClientMode(true);
			this.server.setUseClientMode(false);
			this.server.setNeedClientAuth(true);
			this.client.beginHandshake();
			this.server.beginHandshake();
		}

		SSLEngine shakeHands() throws SSLException {
			while (this.server.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING
					|| this.client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
				step();
			}
			return this.server;
		}

		void step() throws SSLException {
			step(this.client, this.toClient, this.toServer);
			step(this.server, this.toServer, this.toClient);
		}

		private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
			switch (engine.getHandshakeStatus()) {
				case NEED_TASK -> engine.getDelegatedTask().run();
				case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
				case NEED_UNWRAP -> {
					in.flip();
					engine.unwrap(in, ByteBuffer.allocate(SIZE));
					in.compact();
				}
				default -> {
				}
			}
		}

		SSLEngine close() throws SSLException {
			this.server.closeOutbound();
			while (!this.server.isOutboundDone()) {
				this.server.wrap(ByteBuffer.allocate(0), this.toClient);
			}
			return this.server;
		}

	}

}
