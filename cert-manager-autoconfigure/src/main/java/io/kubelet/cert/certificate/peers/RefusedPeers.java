package io.kubelet.cert.certificate.peers;

import java.net.InetSocketAddress;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.PKIXReason;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.ExternalText;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the peers that an SSL bundle refuses, and logs them: within an hour, each peer
 * once for each reason, and no more than a few peers whose certificate is verified, and a
 * few others. Whoever can connect can be refused as often as it likes.
 */
public final class RefusedPeers {

	private static final Logger logger = LoggerFactory.getLogger(RefusedPeers.class);

	private final Object bundle;

	private final OncePerHour logged;

	private final Map<Counted, LongAdder> counts = new ConcurrentHashMap<>();

	/**
	 * Creates what counts and logs.
	 * @param bundle the SSL bundle, for the log
	 * @param inAnHour runs a task in an hour
	 */
	public RefusedPeers(Object bundle, Consumer<Runnable> inAnHour) {
		this.bundle = bundle;
		this.logged = new OncePerHour(inAnHour,
				(others) -> logger.warn(
						"{} more handshakes of other peers were refused by {} within an hour, and not logged", others,
						bundle));
	}

	/**
	 * Returns how many handshakes have been refused.
	 * @param role the role of the peers
	 * @param reason the reason
	 * @return the number since the start
	 */
	public long count(PeerRole role, RefusalReason reason) {
		LongAdder count = this.counts.get(new Counted(role, reason));
		return (count != null) ? count.sum() : 0;
	}

	/**
	 * Counts and logs a peer whose certificate is refused.
	 * @param role its role
	 * @param chain its chain
	 * @param address its address, {@code null} if that is not known
	 * @param failure the failure of the check
	 */
	public void add(PeerRole role, X509Certificate[] chain, @Nullable InetSocketAddress address, Exception failure) {
		RefusalReason reason = reason(failure);
		X509Certificate leaf = (chain.length > 0) ? chain[0] : null;
		String names = (leaf != null) ? names(leaf) : "";
		add(role, reason, names, address, () -> why(reason, leaf, names, failure));
	}

	/**
	 * Counts and logs a client that presents no certificate, which a check does not see.
	 * @param address its address, {@code null} if that is not known
	 */
	void addMissing(@Nullable InetSocketAddress address) {
		add(PeerRole.CLIENT, RefusalReason.MISSING, "", address,
				() -> "it presents no certificate, or none of a trusted authority");
	}

	private void add(PeerRole role, RefusalReason reason, String names, @Nullable InetSocketAddress address,
			Supplier<String> why) {
		this.counts.computeIfAbsent(new Counted(role, reason), (key) -> new LongAdder()).increment();
		// Whoever connects chooses the names of a certificate that is not verified
		boolean verified = reason == RefusalReason.NOT_ACCEPTED || reason == RefusalReason.MALFORMED;
		// Those without a name are told apart by their addresses
		String peer = (!names.isEmpty() || address == null) ? names : address.getHostString();
		if (this.logged.isFirst(verified, role + " " + reason + " " + peer)) {
			logger.warn("{} is refused by {}: {}. {}", describe(role, address), this.bundle, why.get(),
					advice(role, reason));
		}
	}

	/** Describes a peer at the beginning of a sentence. */
	static String describe(PeerRole role, @Nullable InetSocketAddress address) {
		String peer = (role == PeerRole.CLIENT) ? "A client" : "The server";
		return (address == null) ? peer
				: "%s at %s:%d".formatted(peer, ExternalText.clean(address.getHostString()), address.getPort());
	}

	private static RefusalReason reason(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			RefusalReason reason = reasonOf(cause);
			if (reason != null) {
				return reason;
			}
		}
		return RefusalReason.OTHER;
	}

	private static @Nullable RefusalReason reasonOf(Throwable cause) {
		if (cause instanceof PeerRefusedException refused) {
			return refused.reason();
		}
		if (cause instanceof CertificateExpiredException || cause instanceof CertificateNotYetValidException) {
			return RefusalReason.EXPIRED;
		}
		// The builder has a cause of its own if there is a path that is not valid
		boolean noPath = cause instanceof CertPathBuilderException && cause.getCause() == null;
		boolean noAnchor = cause instanceof CertPathValidatorException invalid
				&& invalid.getReason() == PKIXReason.NO_TRUST_ANCHOR;
		return (noPath || noAnchor) ? RefusalReason.UNTRUSTED : null;
	}

	private static String names(X509Certificate leaf) {
		try {
			return AcceptedPeers.describe(PeerIdentity.of(leaf));
		}
		catch (IllegalArgumentException ex) {
			return "subject '%s'".formatted(ExternalText.subject(leaf));
		}
	}

	private static String why(RefusalReason reason, @Nullable X509Certificate leaf, String names, Exception failure) {
		String message = ExternalText.clean(String.valueOf(failure.getMessage()));
		return (leaf == null) ? message : switch (reason) {
			case NOT_ACCEPTED, MALFORMED, MISSING -> message;
			case UNTRUSTED -> "its certificate (%s), issued by '%s', leads to no trusted authority".formatted(names,
					ExternalText.issuer(leaf));
			case EXPIRED -> "its certificate (%s), or one above it, is not valid now: it is valid from %s to %s"
				.formatted(names, leaf.getNotBefore().toInstant(), leaf.getNotAfter().toInstant());
			case OTHER -> "its certificate (%s) failed a check: %s".formatted(names, message);
		};
	}

	private static String advice(PeerRole role, RefusalReason reason) {
		return switch (reason) {
			case NOT_ACCEPTED -> "To accept it, add one of these names to '%s' of the certificate%s"
				.formatted(role.property(), (role == PeerRole.CLIENT) ? ""
						: ", or set 'ssl.accepted-servers.by-address' if an inherited list is not meant for it");
			case UNTRUSTED -> "To accept it, add its authority to the source of 'ssl.trust' of the certificate";
			case EXPIRED -> "It has to rotate its certificate, unless the clock of this machine is wrong";
			case MISSING -> "Give it a certificate, or set 'client-auth' of the server to 'want'";
			case MALFORMED -> "It needs a certificate that complies with the rules";
			case OTHER -> (role == PeerRole.CLIENT) ? "It needs another certificate"
					: "It needs another certificate, unless one of these names is to count in place of its address: then add it to 'ssl.accepted-servers' of the certificate";
		};
	}

	private record Counted(PeerRole role, RefusalReason reason) {
	}

}
