package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Function;
import java.util.function.Supplier;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.trust.Cached;
import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;

/**
 * How long TLS sessions with peers last: not longer than their certificates. JSSE checks
 * nothing when a session is resumed, and a server cannot take back a ticket. So the
 * sessions of a bundle end together, with the first certificate that ends.
 */
final class PeerSessions {

	private final InstantSource clock;

	private final RotationScheduler scheduler;

	private final Runnable invalidation;

	private volatile int generation;

	private @Nullable Instant end;

	private Runnable timer = () -> {
	};

	/**
	 * Creates sessions that last.
	 * @param clock tells when a certificate ends
	 * @param scheduler runs a task then
	 * @param invalidation ends the sessions of contexts that libraries have created
	 */
	PeerSessions(InstantSource clock, RotationScheduler scheduler, Runnable invalidation) {
		this.clock = clock;
		this.scheduler = scheduler;
		this.invalidation = invalidation;
	}

	/**
	 * Returns a supplier of contexts, which is another one for each identity, and after
	 * the end of the sessions.
	 * @param identity returns the current identity
	 * @param maker creates a context
	 */
	<I> Supplier<SSLContext> contexts(Supplier<I> identity, Function<I, SSLContext> maker) {
		record Sessions<I>(I identity, int generation) {
		}
		Cached<Sessions<I>, SSLContext, RuntimeException> contexts = new Cached<>(
				(sessions) -> maker.apply(sessions.identity()));
		return () -> {
			endIfDue();
			return contexts.of(new Sessions<>(identity.get(), this.generation));
		};
	}

	/** Called in each handshake that accepts a peer. */
	synchronized void begin(X509Certificate leaf) {
		endIfDue();
		// The certificate is still valid in this millisecond
		Instant end = leaf.getNotAfter().toInstant().plusMillis(1);
		Duration left = Duration.between(this.clock.instant(), end);
		// One that is trusted itself may have ended: the JDK does not look at its
		// validity
		if (!left.isNegative() && (this.end == null || end.isBefore(this.end))) {
			this.end = end;
			this.timer.run();
			this.timer = this.scheduler.schedule(this::end, left);
		}
	}

	/**
	 * Timers do not notice that the clock is set, or that the machine sleeps. The thread
	 * may be that of a handshake, whose session it must not invalidate itself.
	 */
	private synchronized void endIfDue() {
		if (this.end != null && !this.clock.instant().isBefore(this.end)) {
			forget();
			this.scheduler.schedule(this.invalidation, Duration.ZERO);
		}
	}

	/** Has each peer begin with a full handshake. */
	void end() {
		forget();
		this.invalidation.run();
	}

	private synchronized void forget() {
		this.end = null;
		this.generation++;
	}

}
