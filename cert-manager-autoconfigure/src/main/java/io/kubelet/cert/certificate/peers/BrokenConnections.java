package io.kubelet.cert.certificate.peers;

import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the exceptions of broken connections say of certificates. A peer that refuses the
 * certificate of this application sends an alert, of which the exceptions have the name
 * only: the log says what it means, within an hour once for each peer and alert.
 */
public final class BrokenConnections {

	private static final Logger logger = LoggerFactory.getLogger(BrokenConnections.class);

	/** The messages of the JDK and of OpenSSL. */
	private static final List<String> NO_CERTIFICATE = List.of("Empty client certificate chain",
			"PEER_DID_NOT_RETURN_A_CERTIFICATE");

	private static final Pattern ALERT = Pattern.compile("Received fatal alert: ([a-z_]+)");

	private final Object bundle;

	private final RefusedPeers refused;

	private final OncePerHour alerts;

	/** Several can see the same connection break. */
	private final Set<Throwable> known = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	BrokenConnections(Object bundle, RefusedPeers refused, Consumer<Runnable> inAnHour) {
		this.bundle = bundle;
		this.refused = refused;
		this.alerts = new OncePerHour(inAnHour, (others) -> logger
			.warn("{} more alerts of other peers about {} were not logged within an hour", others, bundle));
	}

	/**
	 * Adds a connection that is broken, or whose handshake has failed.
	 * @param role the role of the peer
	 * @param address its address, {@code null} if that is not known
	 * @param failure why it is broken
	 */
	public void add(PeerRole role, @Nullable InetSocketAddress address, Throwable failure) {
		Throwable cause = failure;
		while (cause.getCause() != null && cause.getCause() != cause) {
			cause = cause.getCause();
		}
		if (!this.known.add(cause)) {
			return;
		}
		String message = String.valueOf(cause.getMessage());
		if (role == PeerRole.CLIENT && NO_CERTIFICATE.stream().anyMatch(message::contains)) {
			this.refused.addMissing(address);
		}
		Matcher alert = ALERT.matcher(message);
		String meaning = alert.find() ? meaning(alert.group(1), role) : null;
		if (meaning != null && this.alerts.isFirst(role, alert.group(1) + name(role, address))) {
			logger.warn("{} refuses this application, which uses {}, with the alert '{}': {}. Its own log may say more",
					RefusedPeers.describe(role, address), this.bundle, alert.group(1), meaning);
		}
	}

	/** A client has another port each time. */
	private static String name(PeerRole role, @Nullable InetSocketAddress address) {
		return (role == PeerRole.CLIENT && address != null) ? address.getHostString() : String.valueOf(address);
	}

	/**
	 * The JDK sends {@code certificate_unknown} for almost everything. Other alerts say
	 * nothing of certificates.
	 */
	private static @Nullable String meaning(String alert, PeerRole role) {
		String names = (role == PeerRole.SERVER) ? "or its names are not among those that it accepts"
				: "or the address that it calls is not among its names";
		return switch (alert) {
			case "certificate_required" ->
				"it requires a certificate, and none was presented, because there is none yet, or none of an authority that it asks for";
			case "handshake_failure" -> (role == PeerRole.SERVER)
					? "it requires a certificate, and none was presented, or both have no cipher suite or signature algorithm in common"
					: null;
			case "certificate_unknown", "bad_certificate" ->
				"it does not accept the certificate: its authority is not trusted there, " + names
						+ ", or it fails another check";
			case "unknown_ca" -> "it does not trust the authority of the certificate, or lacks one in between";
			case "access_denied" -> "it trusts the certificate, but accepts none of its names";
			case "certificate_expired" -> "the certificate has expired, unless the clock of the peer is wrong";
			case "certificate_revoked" -> "the certificate has been revoked";
			case "unsupported_certificate" ->
				"the usages, the key or the signature of the certificate do not suit: it has to allow '%s auth'"
					.formatted((role == PeerRole.SERVER) ? "client" : "server");
			default -> null;
		};
	}

}
