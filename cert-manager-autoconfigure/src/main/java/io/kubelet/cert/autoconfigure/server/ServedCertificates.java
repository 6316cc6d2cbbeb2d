package io.kubelet.cert.autoconfigure.server;

import java.net.SocketAddress;
import java.security.KeyStore;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

import javax.net.ssl.SSLSession;

import io.kubelet.cert.autoconfigure.settings.ClientAuthentication;
import io.kubelet.cert.autoconfigure.settings.InvalidSettingsException;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.ClientAddress;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.ssl.LiveSslBundle;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;

/**
 * The bundles of a server whose certificates rotate.
 */
final class ServedCertificates {

	/** Stands for clients that name no server, or one without a bundle of its own. */
	static final String DEFAULT = "";

	/** The key is the name of a server in lower case, as Tomcat has it. */
	private final Map<String, LiveSslBundle> bundles = new LinkedHashMap<>();

	/** Whom each bundle accepts. */
	private final Set<AcceptedPeers> clients = new HashSet<>();

	private final List<ServerDrain> drains = new CopyOnWriteArrayList<>();

	/** Creates those of a server; none if no certificate of it rotates. */
	ServedCertificates(SslBundles bundles, @Nullable Ssl ssl) {
		if (ssl != null && Ssl.isEnabled(ssl)) {
			if (ssl.getBundle() != null) {
				add(DEFAULT, bundles.getBundle(ssl.getBundle()));
			}
			else if (!ssl.getServerNameBundles().isEmpty()) {
				// Clients that name no server get another certificate, and another check
				this.clients.add(AcceptedPeers.everyone());
			}
			ssl.getServerNameBundles().forEach((named) -> add(named.serverName(), bundles.getBundle(named.bundle())));
			if (!ClientAuthentication.isAsked(ssl.getClientAuth())) {
				requireNoClients();
			}
		}
		if (this.clients.size() > 1) {
			throw new InvalidSettingsException(
					"The SSL bundles of one server accept different clients: %s. A client can make requests for one server name on the connection that it made for another one"
						.formatted(this.bundles.values()),
					"Set the same 'ssl.accepted-clients' for the certificates of all these bundles, or give each its own server.");
		}
	}

	private void add(String serverName, SslBundle bundle) {
		LiveSslBundle live = LiveSslBundle.of(bundle);
		this.clients.add((live != null) ? live.peers().rules().clients() : AcceptedPeers.everyone());
		if (live != null) {
			this.bundles.put(serverName.toLowerCase(Locale.ROOT), live);
		}
	}

	boolean isEmpty() {
		return this.bundles.isEmpty();
	}

	/** Returns the bundle of a server name, {@code null} if its certificate is fixed. */
	@Nullable LiveSslBundle bundle(String serverName) {
		return this.bundles.get(serverName);
	}

	/** Properties are checked before: this is a server that code configures. */
	private void requireNoClients() {
		this.bundles.values()
			.stream()
			.filter((bundle) -> bundle.peers().rules().clients().isRestricted())
			.findFirst()
			.ifPresent((bundle) -> {
				throw new InvalidSettingsException(
						"Only certain clients are accepted with %s, but the application configures the web server in code so that it asks its clients for no certificate: nobody would be checked"
							.formatted(bundle),
						"Let the code set 'Ssl.ClientAuth.NEED' (or 'WANT', if clients without a certificate are to pass), or give the server a bundle without 'ssl.accepted-clients'.");
			});
	}

	/**
	 * Requires that there is no rule that a server would not apply, because it copies the
	 * stores of its bundles.
	 * @throws InvalidSettingsException if there is one
	 */
	void requireNoRules() {
		this.bundles.values()
			.stream()
			.filter((bundle) -> bundle.peers().rules().isRestricted())
			.findFirst()
			.ifPresent((bundle) -> {
				throw new InvalidSettingsException(
						"Only certain peers are accepted with %s, which this server would not check: it uses OpenSSL, or a protocol that the application has chosen"
							.formatted(bundle),
						"Let Tomcat use its default protocol and the TLS implementation of the JDK, or give the server a bundle without 'ssl.accepted-clients' and 'ssl.accepted-servers'.");
			});
	}

	/**
	 * Requires that a server leaves to its bundle whom it trusts: nothing else would be
	 * used.
	 * @param trust the trust store of the server
	 * @param more whether the server would check peers in other ways as well
	 * @throws InvalidSettingsException if not
	 */
	static void requireTrustOf(LiveSslBundle bundle, @Nullable KeyStore trust, boolean more) {
		if (!KeyStores.isTrust(trust) || more) {
			throw new InvalidSettingsException(
					"The application configures the web server in code with a trust store, revocation or trust managers, which would not be used: it checks clients by %s"
						.formatted(bundle),
					"Configure the authorities of that bundle ('ssl.trust-file' of its certificate), or give the server a bundle of Spring Boot ('spring.ssl.bundle').");
		}
	}

	/** Drains connections at each change, for as long as this object is in use. */
	void drain(ServerConnections connections) {
		this.bundles.values().stream().distinct().forEach((bundle) -> {
			ServerDrain drain = new ServerDrain(bundle, connections);
			this.drains.add(drain);
			bundle.addFollower(drain);
		});
	}

	/** Reports a handshake that has failed. */
	void failed(@Nullable SocketAddress client, @Nullable Throwable failure) {
		if (failure != null && !isEmpty()) {
			this.bundles.values()
				.iterator()
				.next()
				.peers()
				.broken()
				.add(PeerRole.CLIENT, ClientAddress.unresolved(client), failure);
		}
	}

	/** Whether a connection is to end, since it was made with what has been replaced. */
	boolean isOutdated(SSLSession session) {
		return this.drains.stream().anyMatch((drain) -> drain.isOutdated(session));
	}

}
