package io.kubelet.cert.autoconfigure.server;

import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.ConnectionHolder;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.ssl.LiveSslBundle.Identity;
import org.jspecify.annotations.Nullable;

/**
 * Drains the connections of a server that were made with an earlier identity of one
 * bundle: with another certificate, or when an authority was trusted that no longer is.
 */
final class ServerDrain implements ConnectionHolder {

	/** A handshake that began before a change usually ends within this time. */
	private static final Duration HANDSHAKE = Duration.ofSeconds(1);

	/**
	 * A client that was accepted before a change may hold its handshake open, for as long
	 * as it likes: this is the time between two looks at such connections.
	 */
	private static final Duration HELD = Duration.ofHours(1);

	private final LiveSslBundle bundle;

	private final ServerConnections connections;

	private final List<Predicate<SSLSession>> inProgress = new CopyOnWriteArrayList<>();

	private final LiveTrustManager trusted;

	private Identity identity;

	/** What was trusted before a change, since the current certificate is presented. */
	private Trust everTrusted = Trust.exactly(List.of());

	/** Connections to close whenever their handshakes end. */
	private volatile Predicate<SSLSession> held = (session) -> false;

	private Runnable nextLook = () -> {
	};

	ServerDrain(LiveSslBundle bundle, ServerConnections connections) {
		this.bundle = bundle;
		this.connections = connections;
		this.trusted = new LiveTrustManager(() -> bundle.followed().trust());
		this.identity = bundle.followed();
	}

	@Override
	public void updated(String bundleName) {
		Identity before = this.identity;
		Identity after = this.bundle.followed();
		this.identity = after;
		Set<X509Certificate> earlier = this.bundle.earlier();
		boolean removed = isRemoved(before.trust(), after.trust());
		boolean current = Objects.equals(before.leaf(), after.leaf());
		Trust everTrusted = current ? this.everTrusted.and(before.trust()) : before.trust();
		this.everTrusted = everTrusted;
		if (earlier.isEmpty() && !removed) {
			return;
		}
		// By the clock of the sessions of JSSE. OpenSSL counts in seconds, so a
		// connection
		// that is made within that of the change makes way for another one, too
		long changed = Clock.systemUTC().millis();
		Predicate<SSLSession> ofEarlier = (session) -> {
			Certificate leaf = presented(session);
			return leaf != null && earlier.contains(leaf) && !isFollowed(session);
		};
		Predicate<SSLSession> outdated = ofEarlier.or((session) -> removed && current && after.leaf() != null
				&& after.leaf().equals(presented(session)) && session.getCreationTime() <= changed);
		Duration drain = this.bundle.drain();
		this.inProgress.add(outdated);
		this.connections.drain(outdated);
		// OpenSSL counts from the end of the handshake, and the clock may be set back
		boolean everRemoved = isRemoved(everTrusted, after.trust());
		LiveTrustManager trustedBefore = new LiveTrustManager(() -> everTrusted);
		Predicate<SSLSession> ofRemoved = (session) -> everRemoved && isOfRemoved(session, trustedBefore);
		Predicate<SSLSession> closed = outdated.or(ofRemoved);
		// At the same time as another step, only the later one is taken: it closes more
		NavigableMap<Duration, Runnable> steps = new TreeMap<>();
		steps.put(HANDSHAKE, () -> this.connections.drain(outdated));
		steps.put(drain, () -> this.connections.close(closed));
		steps.put(drain.plus(HANDSHAKE), () -> {
			this.connections.close(closed);
			this.inProgress.remove(outdated);
			this.held = ofEarlier.or(ofRemoved);
			lookLater();
		});
		schedule(steps, Duration.ZERO);
	}

	/** Takes one step after the other with one timer, each at its time after a change. */
	private void schedule(NavigableMap<Duration, Runnable> steps, Duration elapsed) {
		Map.Entry<Duration, Runnable> step = steps.pollFirstEntry();
		if (step != null) {
			this.bundle.after(step.getKey().minus(elapsed), () -> {
				schedule(steps, step.getKey());
				step.getValue().run();
			});
		}
	}

	private synchronized void lookLater() {
		this.nextLook.run();
		this.nextLook = this.bundle.after(HELD, () -> {
			lookLater();
			this.connections.close(this.held);
		});
	}

	@Override
	public boolean holds(X509Certificate leaf) {
		return this.connections.any((session) -> leaf.equals(presented(session)));
	}

	/** Whether an authority is no longer trusted. */
	private static boolean isRemoved(Trust before, Trust after) {
		return !before.equals(after) && !after.authorities().containsAll(before.authorities());
	}

	/**
	 * Whether a client is refused now that was accepted before a change. One whose
	 * certificate has expired meanwhile would have been refused before, too.
	 */
	private boolean isOfRemoved(SSLSession session, LiveTrustManager before) {
		return isFollowed(session) && !isAccepted(session, this.trusted) && isAccepted(session, before);
	}

	/** Whether a connection presents what the bundle has now, perhaps once more. */
	private boolean isFollowed(SSLSession session) {
		X509Certificate leaf = this.bundle.followed().leaf();
		return leaf != null && leaf.equals(presented(session));
	}

	/** Whether a handshake would accept the client; one without a certificate is. */
	private static boolean isAccepted(SSLSession session, LiveTrustManager trust) {
		try {
			Certificate[] chain = session.getPeerCertificates();
			trust.checkClientTrusted(Stream.of(chain).toArray(X509Certificate[]::new), "UNKNOWN");
			return true;
		}
		catch (SSLPeerUnverifiedException ex) {
			return true;
		}
		catch (CertificateException ex) {
			return false;
		}
	}

	boolean isOutdated(SSLSession session) {
		return this.inProgress.stream().anyMatch((outdated) -> outdated.test(session));
	}

	private static @Nullable Certificate presented(SSLSession session) {
		Certificate[] chain = session.getLocalCertificates();
		return (chain != null && chain.length > 0) ? chain[0] : null;
	}

}
