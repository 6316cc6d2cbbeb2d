package io.kubelet.cert.autoconfigure.server;

import java.security.cert.Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

import javax.net.ssl.SSLSession;

import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.ssl.LiveSslBundle.Identity;
import org.jspecify.annotations.Nullable;

/**
 * Drains the connections of a server that were made with a previous identity of one
 * bundle.
 */
final class ServerDrain implements CertificateManager.Follower {

	/** A handshake that began before a change usually ends within this time. */
	private static final Duration HANDSHAKE = Duration.ofSeconds(1);

	private final LiveSslBundle bundle;

	private final ServerConnections connections;

	/** By which the connections of the bundle are recognized. */
	private final Set<Certificate> presented = ConcurrentHashMap.newKeySet();

	private final List<Predicate<SSLSession>> inProgress = new CopyOnWriteArrayList<>();

	private Identity identity;

	/** An authority may be trusted again during its drain. */
	private volatile RefusedPeers refused;

	ServerDrain(LiveSslBundle bundle, ServerConnections connections) {
		this.bundle = bundle;
		this.connections = connections;
		this.identity = bundle.followed();
		this.refused = new RefusedPeers(this.identity.trust());
		remember(this.identity);
	}

	private void remember(Identity identity) {
		if (identity.leaf() != null) {
			this.presented.add(identity.leaf());
		}
	}

	@Override
	public void updated(String bundleName) {
		Identity before = this.identity;
		Identity after = this.bundle.followed();
		this.identity = after;
		remember(after);
		// After a change of the trust, the pair may be replaced during this drain
		Certificate replaced = Objects.equals(before.leaf(), after.leaf()) ? null : before.leaf();
		boolean removed = isRemoved(before.trust(), after.trust());
		RefusedPeers refused = new RefusedPeers(after.trust());
		this.refused = refused;
		Predicate<SSLSession> outdated = (session) -> {
			Certificate leaf = presented(session);
			return leaf != null && this.presented.contains(leaf)
					&& ((leaf.equals(replaced) && isReplaced(leaf)) || (removed && this.refused.contains(session)));
		};
		Duration drain = this.bundle.drain();
		this.inProgress.add(outdated);
		this.connections.drain(outdated);
		if (drain.compareTo(HANDSHAKE) > 0) {
			this.bundle.after(HANDSHAKE, () -> this.connections.drain(outdated));
		}
		this.bundle.after(drain, () -> this.connections.close(outdated));
		this.bundle.after(drain.plus(HANDSHAKE), () -> {
			this.connections.close(removed ? outdated.or(refused::isFormerHandshake) : outdated);
			this.inProgress.remove(outdated);
			this.presented.removeIf((leaf) -> leaf.equals(replaced) && isReplaced(leaf));
		});
	}

	/** Whether an authority is no longer trusted. */
	private static boolean isRemoved(Trust before, Trust after) {
		return !before.equals(after) && !after.authorities().containsAll(before.authorities());
	}

	/**
	 * A pair may become current again. This is called for each connection and each
	 * response, so it reads no file.
	 */
	private boolean isReplaced(Certificate leaf) {
		return !leaf.equals(this.bundle.followed().leaf());
	}

	boolean isOutdated(SSLSession session) {
		return this.inProgress.stream().anyMatch((outdated) -> outdated.test(session));
	}

	private static @Nullable Certificate presented(SSLSession session) {
		Certificate[] chain = session.getLocalCertificates();
		return (chain != null && chain.length > 0) ? chain[0] : null;
	}

}
